/** Sounds that people brought: what is there, and what is done with it. */
import type { Problem } from "../api/client";
import { explain } from "./errors";
import { inOrder } from "./order";
import { problemOf } from "./session.svelte";
import { toast } from "./toasts.svelte";

export class Shelf<List> {
  list = $state.raw<List | null>(null);
  problem = $state<Problem | null>(null);
  /** Source of the sound that is listened to. */
  playing = $state<string | null>(null);
  busy = $state(false);
  readonly #get: () => Promise<List>;
  readonly #asks = inOrder();

  /** `get` asks the box for the list. */
  constructor(get: () => Promise<List>) {
    this.#get = get;
  }

  readonly load = async (): Promise<void> => {
    const counts = this.#asks();
    try {
      const list = await this.#get();
      if (counts()) [this.list, this.problem] = [list, null];
    } catch (thrown) {
      if (counts()) this.problem = problemOf(thrown);
    }
  };

  /** Does something, tells how it went, and shows what is there then. */
  async act(deed: () => Promise<string>): Promise<void> {
    this.busy = true;
    try {
      toast("good", await deed());
    } catch (thrown) {
      toast("bad", explain(problemOf(thrown)));
    }
    await this.load();
    this.busy = false;
  }

  /** Opens the player of a sound, or closes it. */
  toggle(source: string): void {
    this.playing = this.playing === source ? null : source;
  }
}
