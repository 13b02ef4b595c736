// In [data-ticks]: button[data-tick="all" or "none"] ticks or clears every box there.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tick]");
  if (!button) return;
  const boxes = button.closest("[data-ticks]").querySelectorAll("input[type=checkbox]");
  for (const box of boxes) box.checked = button.dataset.tick === "all";
  // One word for all of them: what follows the choice looks at the whole form.
  boxes[0]?.dispatchEvent(new Event("input", { bubbles: true }));
});
