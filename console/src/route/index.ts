/**
 * The address is the state: where one is, every filter, every sort. Back and forward work, and a link shows what one sees.
 * wouter does the work; nothing else imports it.
 */
import { useCallback, useMemo } from "react";
import { type BaseLocationHook, useLocation, useParams as useQuotedParams } from "wouter";
import { navigate as go, useBrowserLocation, useSearch } from "wouter/use-browser-location";

export { Link, Route, Router, Switch } from "wouter";

/**
 * For the Router. wouter unquotes the whole path, all but some characters: a part `a/b` could not be told from one that
 * is `a%2Fb`. With each % quoted once more it gives the path as it is, and `useParams` unquotes each part by itself.
 */
export const useAddress: BaseLocationHook = () => {
  const [path, move] = useBrowserLocation();
  return [path.replaceAll("%", "%25"), move];
};

export function unquoted(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not quoted by us: as it was typed.
    return text;
  }
}

/** The parts of the address that have a name: what `pathOf` was given. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as wouter's: the page knows its address
export function useParams<T extends Readonly<Record<string, string | undefined>> = Readonly<Record<string, string>>>(): T {
  const quoted = useQuotedParams<Record<string, string | undefined>>();
  return useMemo(() => Object.fromEntries(Object.entries(quoted).map(([name, value]) => [name, value === undefined ? undefined : unquoted(value)])) as T, [quoted]);
}

/** From anywhere, also outside of components. replace: it does not become a step back. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  go(to, { replace: options.replace ?? false });
}

/** As the address has it, quoted. */
export function usePath(): string {
  return useLocation()[0];
}

export type Filters<N extends string> = Readonly<Record<N, string>>;

/**
 * Parameters of the address, with their defaults; what is at its default is not in the address.
 *
 *     const [filters, setFilters] = useFilters({ q: "", state: "", sort: "id" });
 *     setFilters({ q: "lyon" })
 *
 * defaults must be the same object at every render: write it outside of the component.
 */
export function useFilters<N extends string>(
  defaults: Filters<N>,
): readonly [Filters<N>, (changes: Partial<Filters<N>>) => void] {
  const search = useSearch();
  const filters = useMemo(() => {
    const given = new URLSearchParams(search);
    const names = Object.keys(defaults) as N[];
    return Object.fromEntries(names.map((name) => [name, given.get(name) ?? defaults[name]])) as Record<N, string>;
  }, [search, defaults]);
  const change = useCallback(
    (changes: Partial<Filters<N>>) => {
      // The address itself, not what was rendered: two changes at once must not undo each other.
      const next = new URLSearchParams(location.search);
      for (const name of Object.keys(changes) as N[]) {
        const value = changes[name] ?? "";
        if (value === defaults[name]) next.delete(name);
        else next.set(name, value);
      }
      const text = next.toString();
      // A word being typed is not twenty steps back.
      navigate(`${location.pathname}${text ? `?${text}` : ""}`, { replace: true });
    },
    [defaults],
  );
  return [filters, change];
}

/** "/stations/A%2FB": parts that come from outside are quoted. */
export function pathOf(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** What stands behind the ? of the address. */
export function useSearchText(): string {
  return useSearch().replace(/^\?/, "");
}
