/** Texts of stations, drivers and partners, so that they look like what they are. */

/** Bidi overrides and isolates, zero-width and control characters: they make a text look like another one. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** The text with what cannot be seen written out: ␀ for control pictures, ⟨U+202E⟩ for the rest. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (each) => {
    const code = each.codePointAt(0) ?? 0;
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
