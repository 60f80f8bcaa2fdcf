/** Countries and time zones, as the browser knows them. */

/** Codes that Intl has names for and that are no country to be in. */
const NONE: ReadonlySet<string> = new Set(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]);
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export function countryName(code: string, language: string): string {
  if (!/^[A-Za-z]{2}$/.test(code)) return code;
  return new Intl.DisplayNames(language, { type: "region" }).of(code.toUpperCase()) ?? code;
}

/** By name. */
export function countries(language: string): readonly { value: string; label: string }[] {
  const names = new Intl.DisplayNames(language, { type: "region", fallback: "none" });
  const found: { value: string; label: string }[] = [];
  for (const first of LETTERS) {
    for (const second of LETTERS) {
      const value = first + second;
      const label = names.of(value);
      // Codes that are no longer used (DD) are those of another country by now.
      const isCurrent = Intl.getCanonicalLocales(`und-${value}`)[0] === `und-${value}`;
      if (label !== undefined && isCurrent && !NONE.has(value)) found.push({ value, label });
    }
  }
  return found.sort((a, b) => a.label.localeCompare(b.label, language));
}

/** kept: what is set already, though the browser may not know it. */
export function zones(kept: string): readonly string[] {
  return [...new Set(["UTC", ...(kept === "" ? [] : [kept]), ...Intl.supportedValuesOf("timeZone")])];
}

export function timeIn(zone: string, at: Date, language: string): string | null {
  try {
    return new Intl.DateTimeFormat(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", weekday: "short" }).format(at);
  } catch {
    return null;
  }
}
