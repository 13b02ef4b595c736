// .cut > .cut__body + button.cut__more[data-more][data-less]: the button appears only where the body
// is really cut. Focus moving into the hidden part opens it.
function measure(cut) {
  if (cut.classList.contains("is-open")) return;
  const body = cut.querySelector(":scope > .cut__body");
  cut.classList.toggle("is-cut", body.scrollHeight > body.clientHeight + 8);
}

function set(cut, open) {
  const button = cut.querySelector(":scope > .cut__more");
  cut.classList.toggle("is-open", open);
  button.setAttribute("aria-expanded", String(open));
  button.querySelector("[data-label]").textContent = open ? button.dataset.less : button.dataset.more;
  if (!open && cut.getBoundingClientRect().top < 0) cut.scrollIntoView({ block: "start" });
}

const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) measure(entry.target.parentElement);
});

function watch(root = document) {
  for (const cut of root.querySelectorAll(".cut")) {
    sizes.observe(cut.querySelector(":scope > .cut__body"));
    measure(cut);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".cut__more");
  if (button) set(button.parentElement, !button.parentElement.classList.contains("is-open"));
});

document.addEventListener("focusin", (event) => {
  const cut = event.target.closest(".cut.is-cut:not(.is-open)");
  if (!cut || event.target.classList.contains("cut__more")) return;
  const body = cut.querySelector(":scope > .cut__body");
  if (event.target.getBoundingClientRect().bottom > body.getBoundingClientRect().bottom - 44) {
    set(cut, true);
  }
});

document.addEventListener("htmx:afterSwap", (event) => watch(event.target));
document.addEventListener("part:inserted", (event) => watch(event.target));
watch();
