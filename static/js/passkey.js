// <form data-passkey="create|get" hidden>: asks the browser's passkey before it is sent, and sends
// what the passkey answered in the field `credential`. What to ask stands in data-options, or comes
// from the address in data-from. data-cancelled, data-known, data-failed: what is said otherwise,
// in [data-passkey-said]. allauth's webauthn-json.js turns JSON into what browsers take.
const ready = Boolean(window.PublicKeyCredential && window.webauthnJSON);

async function options(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.from, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${form.dataset.from} answered ${answer.status}`);
  return (await answer.json()).request_options;
}

function made(asked, form) {
  const wanted = form.elements.passwordless;
  if (wanted) {
    const choice = (asked.publicKey.authenticatorSelection ??= {});
    choice.residentKey = wanted.checked ? "required" : "discouraged";
    choice.requireResidentKey = wanted.checked;
    choice.userVerification = wanted.checked ? "required" : "preferred";
  }
  return window.webauthnJSON.create(asked);
}

function problem(error, said) {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return said.cancelled;
  if (error.name === "InvalidStateError") return said.known ?? said.failed;
  return said.failed;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!ready) {
    // Where there is another way in, nothing need be said.
    if (form.dataset.options) form.replaceWith(form.dataset.failed);
    continue;
  }
  form.hidden = false;
  const said = form.querySelector("[data-passkey-said]");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    button.disabled = true;
    try {
      const asked = await options(form);
      const credential =
        form.dataset.passkey === "create" ? await made(asked, form) : await window.webauthnJSON.get(asked);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      said.textContent = problem(error, form.dataset);
      button.disabled = false;
    }
  });
}
