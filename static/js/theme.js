// A classic script in <head>: it must run before the first paint, or a dark page would flash white.
(() => {
  const root = document.documentElement;
  const key = "theme";
  root.classList.add("js");

  const stored = () => {
    try {
      const value = localStorage.getItem(key);
      return value === "dark" || value === "light" ? value : null;
    } catch {
      return null;
    }
  };
  const shown = () =>
    root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const apply = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  const label = () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      const text = shown() === "dark" ? button.dataset.toLight : button.dataset.toDark;
      button.querySelector("[data-theme-label]").textContent = text;
    }
  };

  apply(stored());
  document.addEventListener("DOMContentLoaded", label);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  addEventListener("storage", (event) => {
    if (event.key === key) {
      apply(stored());
      label();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = shown() === "dark" ? "light" : "dark";
    apply(next);
    try {
      localStorage.setItem(key, next);
    } catch {
      // Storage may be refused; the choice then lasts for this page.
    }
    label();
  });
})();
