/**
 * Sorting of a list that changes all the time: ten thousand rows of which some changed are put in order by moving those.
 *
 * Texts are compared as people read them: CP-9 before CP-10, Ö beside O. It is done on a form of the text made once, for
 * Intl.Collator takes a hundred milliseconds for ten thousand, and a click on a heading should take none.
 */

type Key = string | number | null;

interface Ranked {
  key: Key;
  index: number;
}

interface Placed<R> extends Ranked {
  row: R;
  id: string;
}

const DIGITS = /\d+/g;
const MARKS = /\p{M}/gu;
const LONGEST_NUMBER = 16;
const ASCII = /^[\x00-\x7f]*$/;

/** Pure. Such that `<` puts texts in the order of people. */
export function sortable(text: string): string {
  const plain = ASCII.test(text) ? text : text.normalize("NFKD").replace(MARKS, "");
  return plain.toLowerCase().replace(DIGITS, (digits) => digits.padStart(LONGEST_NUMBER, "0"));
}

function compare(a: Key, b: Key): number {
  if (a === null || b === null) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A short list in the order of people; those without a text come last. */
export function inOrder<T>(items: readonly T[], textOf: (item: T) => string | null): T[] {
  return items
    .map((item, index) => {
      const text = textOf(item);
      return { item, key: text === null ? null : sortable(text), index };
    })
    .sort((a, b) => orderOf(a, b, false))
    .map(({ item }) => item);
}

/** What is unknown comes last either way; what is alike stays as it was given. */
function orderOf(a: Ranked, b: Ranked, down: boolean): number {
  if (a.key === null || b.key === null) return a.key === b.key ? a.index - b.index : a.key === null ? 1 : -1;
  const order = compare(a.key, b.key);
  return order === 0 ? a.index - b.index : down ? -order : order;
}

/** Two lists in order as one. */
function merged<R>(a: readonly Placed<R>[], b: readonly Placed<R>[], down: boolean): Placed<R>[] {
  if (b.length === 0) return [...a];
  const all: Placed<R>[] = [];
  let [left, right] = [0, 0];
  for (;;) {
    const [one, other] = [a[left], b[right]];
    if (one === undefined) return all.concat(b.slice(right));
    if (other === undefined) return all.concat(a.slice(left));
    if (orderOf(one, other, down) <= 0) {
      all.push(one);
      left += 1;
    } else {
      all.push(other);
      right += 1;
    }
  }
}

/** Remembers the order it gave, so that the next list, which is much the same, costs little. */
export class Sorter<R> {
  #placed: Placed<R>[] = [];
  #down = false;
  readonly #keys = new Map<string, string>();

  #key(said: string | number | null | undefined): Key {
    if (typeof said !== "string") return said ?? null;
    let key = this.#keys.get(said);
    if (key === undefined) {
      // Texts that nobody asks for any more are not kept for ever.
      if (this.#keys.size > 50_000) this.#keys.clear();
      this.#keys.set(said, (key = sortable(said)));
    }
    return key;
  }

  sort(rows: readonly R[], rowId: (row: R) => string, by: (row: R) => string | number | null | undefined, down: boolean): readonly R[] {
    const fresh = new Map<string, Placed<R>>();
    rows.forEach((row, index) => {
      const id = rowId(row);
      fresh.set(id, { row, id, key: this.#key(by(row)), index });
    });
    const stays: Placed<R>[] = [];
    if (this.#down === down) {
      let before: Placed<R> | undefined;
      for (const old of this.#placed) {
        const now = fresh.get(old.id);
        // By another column it has another key, and its place among equals may be another one: where it does not follow, it is put in anew.
        if (now?.key !== old.key || (before !== undefined && orderOf(before, now, down) > 0)) continue;
        stays.push(now);
        before = now;
        fresh.delete(old.id);
      }
    }
    const moves = [...fresh.values()].sort((a, b) => orderOf(a, b, down));
    this.#placed = merged(stays, moves, down);
    this.#down = down;
    return this.#placed.map(({ row }) => row);
  }
}
