// Runs before the first paint: the remembered theme, or the system's.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const shown = () => root.dataset.theme || (system.matches ? "dark" : "light");
  const mark = () => { root.dataset.shownTheme = shown(); };

  const choice = remembered();
  if (choice === "light" || choice === "dark") root.dataset.theme = choice;
  mark();
  system.addEventListener("change", mark);

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = shown() === "dark" ? "light" : "dark";
      root.dataset.theme = next;
      mark();
      try { localStorage.setItem("theme", next); } catch { /* private window: the choice lasts for this page */ }
    });
  });
})();
