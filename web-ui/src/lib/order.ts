/** Answers may overtake one another. Of several questions about the same thing only answers count that are not older
 * than what is known already; a slow box is still heard, for no answer waits for a later one. */
export function inOrder(): () => () => boolean {
  let asked = 0;
  let known = 0;
  return () => {
    const own = ++asked;
    return () => {
      if (own < known) return false;
      known = own;
      return true;
    };
  };
}
