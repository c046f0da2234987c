// Passkeys: forms with data-passkey="make" or "use" ask the server for a challenge, the device for an answer,
// and send it as an ordinary form. Without this script such a form stays hidden or is refused politely.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list ?? []).map((entry) => ({ ...entry, id: bytes(entry.id) }));

class Refusal extends Error {} // the server's own words

async function challenge(form) {
  const fields = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  if (form.elements.password) fields.set("password", form.elements.password.value);
  const answer = await fetch(form.dataset.challenge, {
    method: "POST",
    headers: { "X-Requested-With": "fetch" },
    body: fields,
  });
  const said = await answer.json();
  if (!answer.ok) throw new Refusal(said.error);
  return said;
}

async function make(form) {
  const options = await challenge(form);
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    },
  });
  send(form, made, {
    attestationObject: text(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

let asked; // one challenge for the quiet offer and the button: whichever is answered first uses it up

async function use(form, extra = {}) {
  asked ??= challenge(form);
  const options = await asked;
  const used = await navigator.credentials.get({
    ...extra,
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) },
  });
  const { authenticatorData, signature, userHandle } = used.response;
  send(form, used, {
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

function send(form, credential, response) {
  if (form.elements.password) form.elements.password.value = ""; // it was asked for before
  form.elements.credential.value = JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment,
  });
  const stay = document.querySelector("input[type=checkbox][name=stay]");
  if (form.elements.stay && stay?.checked) form.elements.stay.value = "y";
  form.submit();
}

const acts = { make, use };
let waiting; // the quiet offer inside the address field; a click on the button ends it

for (const form of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failure = form.querySelector("[role=alert]");
    failure.hidden = true;
    waiting?.abort();
    try {
      await acts[form.dataset.passkey](form);
    } catch (fault) {
      asked = undefined;
      failure.textContent = (fault instanceof Refusal && fault.message) || form.dataset.failed;
      failure.hidden = false;
    }
  });
  if ("autofill" in form.dataset && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    waiting = new AbortController();
    use(form, { mediation: "conditional", signal: waiting.signal }).catch(() => {});
  }
}
