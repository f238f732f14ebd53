/** The words of a call's time line. Events and rules are names; here they become sentences. */
import type { CallExplanation, ExplainStep } from "../api/client";
import { t, words } from "../i18n/index.svelte";
import { nameOf, numberOf } from "./people";

/** Who, with the number: "Jan Kowalski (2005)". */
function who(step: ExplainStep): string {
  if (!step.party) return t("somebody");
  const number = numberOf(step.party);
  return nameOf(step.party) ? nameOf(step.party) + (number ? ` (${number})` : "") : t("somebody");
}

/** What happened, in one sentence. */
export function happened(step: ExplainStep): string {
  const cause = step.cause ? (words(`cause.${step.cause}`) ?? step.cause) : "";
  return words(`event.${step.event}`, { who: who(step), cause }) ?? step.event;
}

/** Which rule decided it, in one sentence. */
export const because = (step: ExplainStep): string => words(`rule.${step.rule}`, { who: who(step) }) ?? step.rule;

/** The whole call in one sentence. */
export function headline({ call, in_progress, steps }: CallExplanation): string {
  const from = nameOf(call.from) || t("somebody");
  const to = nameOf(call.to) || "…";
  if (in_progress) return t("why.in_progress", { from, to });
  const known = call.outcome === "answered" ? null : words(`why.${call.cause}`, { from, to });
  if (known) return known;
  const answered = steps.find((step) => step.event === "call_answered")?.party;
  const by = (answered && nameOf(answered)) || to;
  if (call.outcome !== "answered") return t("why.other", { from, to });
  return by === to ? t("why.answered", { from, to }) : t("why.answered_by", { from, to, by });
}
