/** Puts a change into the live state, and returns the new state; the old one stays as it was. */
import type { Change, Live } from "../api/client";

export function fold(live: Live, change: Change): Live {
  if (change.seq <= live.seq) return live;
  return { ...live, ...changed(live, change), seq: change.seq };
}

function changed(live: Live, change: Change): Partial<Live> {
  switch (change.type) {
    case "office":
      return { office: change.data };
    case "health":
      return { health: change.data };
    case "people":
      return { people: change.data };
    case "phone":
      return { phones: put(live.phones, change.data) };
    case "phone_gone":
      return { phones: live.phones.filter((phone) => phone.id !== change.data) };
    case "call":
      return { calls: put(live.calls, change.data) };
    case "call_gone":
      return { calls: live.calls.filter((call) => call.id !== change.data) };
    case "ended":
      return { calls: live.calls.filter((call) => call.id !== change.data.id) };
    case "board":
      return { board: change.data };
    case "set": {
      const set = change.data;
      const known = live.board.sets.some((old) => old.port === set.port);
      const sets = known
        ? live.board.sets.map((old) => (old.port === set.port ? set : old))
        : [...live.board.sets, set];
      return { board: { ...live.board, sets } };
    }
  }
}

function put<T extends { id: string }>(list: T[], item: T): T[] {
  const at = list.findIndex((old) => old.id === item.id);
  return at < 0 ? [...list, item] : list.with(at, item);
}
