// Before anything is painted: the console's colours are those that were chosen last, so that no page flashes white.
(() => {
  let chosen = "auto";
  try {
    chosen = localStorage.getItem("voltloom-colors") || "auto";
  } catch {
    // Storage may be forbidden; the system's own scheme is a good answer.
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
