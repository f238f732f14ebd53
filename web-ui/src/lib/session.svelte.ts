/** Who is signed in. */
import { api, Trouble, wanted, type Problem, type Session } from "../api/client";

const state = $state<{ session: Session | null; trouble: Problem | null }>({ session: null, trouble: null });

export const session = (): Session | null => state.session;
export const sessionTrouble = (): Problem | null => state.trouble;
export const isAdministrator = (): boolean => state.session?.signed_in?.role === "administrator";
export const timezone = (): string => state.session?.signed_in?.office.timezone || "UTC";

export function hold(session: Session): void {
  state.session = session;
  state.trouble = null;
}

/** Asks the box who is signed in. */
export async function learn(): Promise<void> {
  try {
    hold(await wanted(api.GET("/api/v1/session")));
  } catch (trouble) {
    state.trouble = problemOf(trouble);
  }
}

/** Looks whether the way in has changed, while nobody is signed in; one who signs in meanwhile stays so. */
export async function look(): Promise<void> {
  const { data } = await api.GET("/api/v1/session").catch(() => ({ data: undefined }));
  if (data && !state.session?.signed_in) hold(data);
}

/** The session is over, by sign-out or by time. */
export function leave(): void {
  if (state.session) state.session = { ...state.session, signed_in: null };
}

/** The problem behind anything thrown; notices a session that is over. */
export function problemOf(thrown: unknown): Problem {
  const problem =
    thrown instanceof Trouble ? thrown.problem : { error: "internal", message: String(thrown) };
  if (problem.error === "not_signed_in") leave();
  return problem;
}
