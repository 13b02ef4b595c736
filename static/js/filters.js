// details.filters: open on a wide screen, folded on a phone.
const wide = matchMedia("(width >= 60rem)");

const arrange = () => {
  for (const filters of document.querySelectorAll("details.filters")) {
    filters.open = wide.matches;
    filters.classList.add("is-arranged");
  }
};

wide.addEventListener("change", arrange);
document.addEventListener("htmx:afterSwap", arrange);
arrange();
