// Runs the draft as it stands in the editor, saved or not, and lets the answer flow beside it.
// Without this script the same button saves the draft, runs it and comes back with the answer.
import { Column } from "./column.js";
import { newId } from "./tryform.js";

const part = document.querySelector("[data-draft-run]");
const form = document.querySelector("form[data-draft]");
const run = part?.querySelector("[data-run]");

if (run) {
  const stop = part.querySelector("[data-stop]");
  const texts = part.dataset;
  const say = (text) => document.querySelector("[data-announce]")?.replaceChildren(text);
  const field = (name) => form.elements.namedItem(name);
  const models = JSON.parse(document.getElementById("run-models").textContent);
  const site = { page: () => form.action };

  const swap = (from, to) => {
    const focused = document.activeElement === from;
    to.hidden = false;
    if (focused) to.focus({ preventScroll: true });
    from.hidden = true;
  };

  const ended = (column, message) => {
    const sum = column.part("result").querySelector("[data-checks]");
    say(message || [texts.textDone, sum?.textContent].filter(Boolean).join(" "));
    field("run_id").value = newId();
    swap(stop, run);
  };
  const column = new Column(part.querySelector("[data-try-column]"), texts, site, ended);

  run.addEventListener("click", async (event) => {
    event.preventDefault();
    if (column.running) return;
    const choice = field("run_model");
    column.name({
      title: "",
      model: choice.selectedOptions[0].textContent,
      demo: models[choice.value].demo,
    });
    // What is kept of an earlier run makes room.
    column.part("idle").replaceChildren();
    column.begin(field("run_id").value, false);
    say(texts.textStarted);
    swap(run, stop);
    const options = {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "text/event-stream" },
      signal: column.controller.signal,
    };
    let response;
    try {
      response = await fetch(run.formAction, options);
    } catch {
      await column.broken();
      return;
    }
    await column.follow(response);
  });

  stop.addEventListener("click", (event) => {
    // Stop stands where Run was: the second half of a double click on Run is not meant for it.
    if (event.detail > 1) return;
    column.stop();
  });
}
