// Brings the current tab of a row that is wider than the window into view: where the browser knows
// no scroll-initial-target (see editor.css), which does so before anything is drawn.
const row = document.querySelector(".subnav");
const tab = row?.querySelector("[aria-current]");
if (tab && !CSS.supports("scroll-initial-target", "nearest")) {
  const room = row.getBoundingClientRect().right - parseFloat(getComputedStyle(row).paddingRight);
  // The row alone: scrollIntoView would move the page, too.
  row.scrollLeft += Math.max(0, Math.ceil(tab.getBoundingClientRect().right - room));
}
