/** Mantine's theme, as far as it is ours: colours that pass WCAG AA in both schemes, system fonts, calm corners. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";
import { createElement, type KeyboardEvent, type ReactNode } from "react";
import { visible } from "@/i18n";

const brand: MantineColorsTuple = [
  "#e5f6f1",
  "#c9ebe1",
  "#9bdac7",
  "#6cc9ae",
  "#45b897",
  "#1f9f7d",
  "#0f8468",
  "#0b6b58",
  "#075646",
  "#044236",
];

/** Greys with a breath of the brand's green; from the light card to the dark page. */
const dark: MantineColorsTuple = [
  "#e6ebe9",
  "#ccd4d1",
  "#aab5b1",
  "#84918d",
  "#47534f",
  "#35403c",
  "#27312e",
  "#1b2422",
  "#141b19",
  "#0d1312",
];

const mono = 'ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", monospace';

/** What is proposed is often of stations or partners. */
function proposal({ option }: { option: { value: string } }): ReactNode {
  return createElement("bdi", null, visible(option.value));
}

/** While a list is open, Enter is the list's: it does not send the form with a choice half typed. */
function ofList(event: KeyboardEvent): void {
  if (event.key === "Enter" && event.currentTarget.getAttribute("aria-expanded") === "true") event.preventDefault();
}

export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 7, dark: 7 },
  colors: { brand, dark },
  autoContrast: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, sans-serif',
  fontFamilyMonospace: mono,
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.0625rem" } } },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300, events: { hover: true, focus: true, touch: true } } },
    // Who types, and presses Enter, has chosen the first that fits; who chooses what is chosen already has changed nothing.
    Select: { defaultProps: { selectFirstOptionOnChange: true, allowDeselect: false, onKeyDown: ofList } },
    Autocomplete: { defaultProps: { renderOption: proposal } },
    TagsInput: { defaultProps: { renderOption: proposal } },
    Anchor: { defaultProps: { underline: "hover" } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45, blur: 2 } }, styles: { title: { fontWeight: 650, fontSize: "1.0625rem", lineHeight: 1.3 } } },
    Drawer: { styles: { title: { fontWeight: 650, fontSize: "1.0625rem", lineHeight: 1.3 } } },
    // Without its placeholder for the focus, which is no item: a menu may hold nothing else.
    Menu: { defaultProps: { shadow: "md", position: "bottom-end", withInitialFocusPlaceholder: false } },
    Table: { defaultProps: { verticalSpacing: "xs" } },
  },
});

/** Mantine's own dimmed, placeholder and error fail 4.5:1 on one of its own backgrounds. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-text": "#14201d",
    "--mantine-color-dimmed": "#52605b",
    "--mantine-color-placeholder": "#66736e",
    "--mantine-color-error": "#b42318",
    "--mantine-color-anchor": "#0b6b58",
    "--mantine-color-default-border": "#d7dedb",
    "--mantine-color-brand-light": "#d6f0e8",
    "--mantine-color-brand-light-hover": "#c6e8dd",
    "--mantine-color-brand-light-color": "#075646",
  },
  dark: {
    "--mantine-color-body": "#141b19",
    "--mantine-color-text": "#e1e8e5",
    "--mantine-color-dimmed": "#a3b0ab",
    "--mantine-color-placeholder": "#93a09b",
    "--mantine-color-error": "#ff9b93",
    "--mantine-color-anchor": "#5ccbb0",
    "--mantine-color-default": "#1b2422",
    "--mantine-color-default-hover": "#27312e",
    "--mantine-color-default-border": "#35403c",
    "--mantine-color-brand-light": "#15392f",
    "--mantine-color-brand-light-hover": "#1a463a",
    "--mantine-color-brand-light-color": "#7fd6bd",
  },
});
