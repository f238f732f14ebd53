/** Words for what went wrong, always with what to do next. */
import type { Problem } from "../api/client";
import { t, words } from "../i18n/index.svelte";

export function explain(problem: Problem): string {
  const seconds = problem.retry_after_s ?? 0;
  const faults = (problem.faults ?? []).map((fault) => fault.message).join(" ");
  const known = words(`error.${problem.error}`, { count: seconds, seconds });
  // An error this page has no words for yet: the box says it in English.
  return [known ?? problem.message ?? t("error.internal"), faults].join(" ").trim();
}
