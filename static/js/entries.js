// Keeps the order of the studio's list: what reorder.js moved is told to the server, in turn.
// A row [data-reorder-item] carries data-slug and data-move-url; [data-order-lost] is shown when the
// server did not take it.
let last = Promise.resolve();

async function keep(address, data) {
  const headers = { Accept: "application/json" };
  const answer = await fetch(address, { method: "POST", body: data, headers, keepalive: true });
  if (answer.status !== 204) throw new Error(`HTTP ${answer.status}`);
}

document.addEventListener("reorder:moved", (event) => {
  const row = event.target;
  const [before, after] = [row.previousElementSibling, row.nextElementSibling];
  const data = new FormData();
  data.set("csrfmiddlewaretoken", row.querySelector("[name=csrfmiddlewaretoken]").value);
  if (before) data.set("after", before.dataset.slug);
  else data.set("before", after.dataset.slug);
  last = last
    .then(() => keep(row.dataset.moveUrl, data))
    .catch(() => {
      document.querySelector("[data-order-lost]").hidden = false;
    });
});
