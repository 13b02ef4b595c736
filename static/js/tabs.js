// [data-tabs="name"]: on a narrow screen its panes become tabs, and the open one is remembered under
// the name, if there is one. On a wide screen, and without scripts, the panes simply stand there.
// Whoever hides some of the buttons with their panes tells the group: tabs:changed.
const narrow = matchMedia("(width < 60rem)");

function recall(name) {
  if (!name) return null;
  try {
    return localStorage.getItem(`tab:${name}`);
  } catch {
    return null;
  }
}

function remember(name, id) {
  if (!name) return;
  try {
    localStorage.setItem(`tab:${name}`, id);
  } catch {
    // Storage may be refused; the first tab opens next time.
  }
}

function setUp(group) {
  const bar = group.querySelector(":scope > .tabs");
  const buttons = [...bar.querySelectorAll("[data-tab-for]")];
  const panes = buttons.map((button) => document.getElementById(button.dataset.tabFor));
  const name = group.dataset.tabs;

  const open = (id) => {
    for (const [index, button] of buttons.entries()) {
      const on = panes[index].id === id;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
      panes[index].classList.toggle("is-closed", !on);
    }
  };

  const arrange = () => {
    if (!narrow.matches) {
      bar.removeAttribute("role");
      for (const pane of panes) {
        pane.classList.remove("is-closed");
        if (pane.getAttribute("role") === "tabpanel") pane.removeAttribute("role");
      }
      return;
    }
    bar.setAttribute("role", "tablist");
    for (const [index, button] of buttons.entries()) {
      button.setAttribute("role", "tab");
      button.setAttribute("aria-controls", panes[index].id);
      panes[index].setAttribute("role", "tabpanel");
    }
    const current = panes.find((pane, index) => buttons[index].ariaSelected === "true")?.id;
    const wanted = [current, recall(name), group.dataset.tabsDefault, panes[0].id];
    open(wanted.find((id) => panes.some((pane) => pane.id === id && !pane.hidden)));
  };

  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tab-for]");
    if (!button) return;
    open(button.dataset.tabFor);
    remember(name, button.dataset.tabFor);
    group.dispatchEvent(new CustomEvent("tab:opened", { bubbles: true }));
  });

  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const there = buttons.filter((button) => !button.hidden);
    const here = there.indexOf(document.activeElement);
    const next = there[(here + step + there.length) % there.length];
    next.focus();
    next.click();
    event.preventDefault();
  });

  // A link or an error that points into a closed pane opens it.
  const reveal = (target) => {
    const pane = panes.find((candidate) => target && candidate.contains(target));
    if (narrow.matches && pane?.classList.contains("is-closed")) open(pane.id);
  };
  addEventListener("hashchange", () => reveal(document.getElementById(location.hash.slice(1))));
  group.addEventListener("invalid", (event) => reveal(event.target), true);

  narrow.addEventListener("change", arrange);
  group.addEventListener("tabs:changed", arrange);
  arrange();
  reveal(document.getElementById(location.hash.slice(1)));
  reveal(group.querySelector("[aria-invalid='true']"));
  group.classList.add("is-ready");
}

for (const group of document.querySelectorAll("[data-tabs]")) setUp(group);
