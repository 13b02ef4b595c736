// Puts the items of a list in another order: by dragging, by arrow keys, by buttons.
//
// [data-reorder] holds [data-reorder-item] children, one below the other. In an item:
//   button[data-reorder-handle]  is dragged; while it has the focus, arrow up and down, Home and End
//                                move the item, and Escape takes a drag back;
//   [data-move="up" or "down"]   moves it one place. A screen reader that keeps the arrow keys for
//                                itself needs these, and so does whoever has no scripts: there they
//                                are submit buttons.
// Every move is announced: data-reorder-said on the list, with {place} and {total} in it. When it is
// over "reorder:moved" comes from the item, with detail.from and detail.to (places from 0): whoever
// keeps the order listens for it. With less motion wanted nothing slides.
const EDGE = 64; // Near the edge of the window (pixels) a drag scrolls it,
const PACE = 14; // by this many in every frame.
const SLIDE_MS = 140;
const less = matchMedia("(prefers-reduced-motion: reduce)");

const itemsOf = (list) => [...list.querySelectorAll(":scope > [data-reorder-item]")];
const placeOf = (item) => itemsOf(item.parentElement).indexOf(item);

function slide(item, from) {
  const way = from - item.getBoundingClientRect().top;
  if (less.matches || !way) return;
  item.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], SLIDE_MS);
}

/** Puts `item` at a place from 0. It never leaves the page itself: focus and drag stay with it. */
function put(item, place) {
  const others = itemsOf(item.parentElement).filter((one) => one !== item);
  const tops = others.map((one) => one.getBoundingClientRect().top);
  for (const [index, one] of others.entries()) {
    const before = one.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (index < place && !before) item.before(one);
  }
  for (const one of others.slice(place).reverse()) {
    if (one.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING) item.after(one);
  }
  for (const [index, one] of others.entries()) slide(one, tops[index]);
}

function over(item, from) {
  const list = item.parentElement;
  const to = placeOf(item);
  const said = (list.dataset.reorderSaid ?? "")
    .replace("{place}", String(to + 1))
    .replace("{total}", String(itemsOf(list).length));
  document.querySelector("[data-announce]")?.replaceChildren(said);
  if (from === to) return;
  item.dispatchEvent(new CustomEvent("reorder:moved", { bubbles: true, detail: { from, to } }));
}

function move(item, place) {
  const from = placeOf(item);
  const top = item.getBoundingClientRect().top;
  const last = itemsOf(item.parentElement).length - 1;
  put(item, Math.max(0, Math.min(last, place)));
  slide(item, top);
  over(item, from);
}

const itemAround = (element) => {
  const item = element?.closest("[data-reorder-item]");
  return item?.parentElement.matches("[data-reorder]") ? item : null;
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  const item = itemAround(button);
  if (!item) return;
  event.preventDefault();
  move(item, placeOf(item) + (button.dataset.move === "up" ? -1 : 1));
  item.scrollIntoView({ block: "nearest" });
  button.focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  const item = itemAround(event.target.closest?.("[data-reorder-handle]"));
  if (!item || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const place = placeOf(item);
  const last = itemsOf(item.parentElement).length - 1;
  const wanted = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: last }[event.key];
  if (wanted === undefined) return;
  event.preventDefault();
  if (item.classList.contains("is-dragged")) return;
  move(item, wanted);
  item.scrollIntoView({ block: "nearest" });
});

function drag(item, handle, start) {
  const from = placeOf(item);
  const ended = new AbortController();
  let y = start.clientY;
  let frame = 0;

  // Past its neighbour's middle the item takes the neighbour's place. As the neighbour moves by
  // the item's height, the pointer is then clear of that middle: nothing goes back and forth.
  const follow = () => {
    for (;;) {
      const items = itemsOf(item.parentElement);
      const place = items.indexOf(item);
      const middle = (one) => one.getBoundingClientRect().top + one.offsetHeight / 2;
      if (items[place - 1] && y < middle(items[place - 1])) put(item, place - 1);
      else if (items[place + 1] && y > middle(items[place + 1])) put(item, place + 1);
      else return;
    }
  };
  const scroll = () => {
    const step = y < EDGE ? -PACE : y > innerHeight - EDGE ? PACE : 0;
    if (step) {
      scrollBy(0, step);
      follow();
    }
    frame = requestAnimationFrame(scroll);
  };
  const end = (back) => {
    ended.abort();
    cancelAnimationFrame(frame);
    item.classList.remove("is-dragged");
    document.documentElement.classList.remove("is-reordering");
    if (back) put(item, from);
    over(item, from);
  };

  item.classList.add("is-dragged");
  document.documentElement.classList.add("is-reordering");
  handle.setPointerCapture(start.pointerId);
  frame = requestAnimationFrame(scroll);
  const options = { signal: ended.signal };
  const moved = (event) => {
    y = event.clientY;
    follow();
  };
  handle.addEventListener("pointermove", moved, options);
  handle.addEventListener("pointerup", () => end(false), options);
  handle.addEventListener("lostpointercapture", () => end(true), options);
  document.addEventListener("keydown", (event) => event.key === "Escape" && end(true), options);
}

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-reorder-handle]");
  const item = itemAround(handle);
  if (!item || event.button !== 0 || document.querySelector(".is-dragged")) return;
  // The page selects no text and does not scroll under the finger (see forms.css).
  event.preventDefault();
  handle.focus({ preventScroll: true });
  drag(item, handle, event);
});
