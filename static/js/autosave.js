// Texts are saved while they are typed. The server's version number decides; nothing newer is ever overwritten
// unasked. Until the server confirms, a copy stays in this tab's storage, under the name of the person it belongs to.
// A form that names no address to save to has that copy alone, with the token of what its author saw (`seen`).
const WAIT = 1500;
const LONGEST_RETRY = 30_000;
const GIVE_UP = 30_000; // a save that hangs must not keep the person from submitting
const PREFIX = "draft:";
const person = document.body.dataset.person || "";

const store = {
  read(key) {
    try { return JSON.parse(sessionStorage.getItem(PREFIX + key)); } catch { return null; }
  },
  write(key, copy) {
    try { sessionStorage.setItem(PREFIX + key, JSON.stringify({ ...copy, person })); } catch { /* full or forbidden */ }
  },
  remove(key) {
    try { sessionStorage.removeItem(PREFIX + key); } catch { /* forbidden */ }
  },
  keys() {
    try {
      return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
    } catch { return []; }
  },
};

// What the person typed: without the token, the version, the time it took and the names of buttons.
const NOT_TYPED = ["csrfmiddlewaretoken", "version", "seen", "active_seconds"];

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (NOT_TYPED.includes(name) || value instanceof File) continue;
    (fields[name] ??= []).push(value);
  }
  return fields;
}

function fill(form, fields) {
  for (const element of form.elements) {
    const values = fields[element.name];
    if (element.type === "checkbox" || element.type === "radio") {
      if (element.name) element.checked = Boolean(values?.includes(element.value));
    } else if (values && !["hidden", "submit", "button", "file"].includes(element.type)) {
      element.value = values[0];
    }
  }
  form.dispatchEvent(new CustomEvent("autosave:filled"));
}

// As the server sent them, whatever was typed before this script ran.
function renderedFields(form) {
  const copy = form.cloneNode(true);
  copy.reset();
  return fieldsOf(copy);
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const hour = (iso) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

class Autosave {
  constructor(form) {
    this.form = form;
    this.key = form.dataset.autosaveKey;
    this.url = form.dataset.autosave;
    this.state = form.querySelector("[data-autosave-state]");
    this.region = form.querySelector("[data-autosave-conflict]");
    this.timer = null;
    this.sending = null; // the promise of the save under way
    this.retryAfter = 2000;
    this.blocked = false; // a conflict waits for the person's decision
    this.returned = "unsaved" in form.dataset; // what stands in the page stands nowhere else
    this.saved = this.returned ? {} : renderedFields(form);
    this.listen();
    this.restore();
  }

  get version() { return this.url ? Number(this.form.elements.version?.value || 0) : this.form.elements.seen?.value; }
  set version(number) { if (this.form.elements.version) this.form.elements.version.value = number; }
  get dirty() { return !same(fieldsOf(this.form), this.saved); }
  get endangered() { return this.state?.dataset.state === "failed" && this.dirty && !this.submitted; }

  listen() {
    for (const name of ["input", "change"]) this.form.addEventListener(name, () => this.touched());
    this.form.addEventListener("focusout", (event) => {
      if (!event.relatedTarget?.matches(".btn-primary")) this.save(); // that button sends it all by itself
    });
    this.form.addEventListener("submit", (event) => this.submitting(event));
    this.form.addEventListener("htmx:confirm", (event) => this.confirming(event));
    this.form.addEventListener("htmx:beforeOnLoad", (event) => this.delivered(event));
    this.form.addEventListener("htmx:afterRequest", (event) => this.answered(event));
  }

  tell(words, state = "") {
    if (!this.state) return;
    if (this.state.textContent !== words) this.state.textContent = words;
    this.state.dataset.state = state;
  }

  touched() {
    if (this.blocked) return;
    if (!this.dirty) {
      clearTimeout(this.timer);
      store.remove(this.key);
      return;
    }
    store.write(this.key, { fields: fieldsOf(this.form), version: this.version });
    if (this.url) this.later(WAIT);
    else this.tell("Kept in this browser", "saved");
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), milliseconds);
  }

  // One save at a time: the next needs the version that this one returns.
  async save({ keepalive = false } = {}) {
    clearTimeout(this.timer);
    if (!this.url) return null;
    if (this.sending || this.blocked || this.submitted || !this.dirty || !this.form.isConnected) return this.sending;
    this.sending = this.send(keepalive).finally(() => { this.sending = null; });
    return this.sending;
  }

  async send(keepalive) {
    const fields = fieldsOf(this.form);
    this.tell("Saving…", "saving");
    let response;
    try {
      response = await fetch(this.url, {
        method: "POST",
        body: new URLSearchParams(new FormData(this.form)),
        headers: { "X-CSRFToken": this.form.elements.csrfmiddlewaretoken.value, "X-Requested-With": "fetch" },
        keepalive,
        signal: AbortSignal.timeout(GIVE_UP),
      });
    } catch {
      return this.failed();
    }
    if (response.redirected) return this.refused("Not saved: your session ended. Sign in again in another tab.");
    const answer = await response.json().catch(() => ({}));
    if (response.status === 409) return this.conflict(answer);
    if (response.status >= 500 || response.status === 429) return this.failed();
    if (!response.ok) return this.refused(answer.message || "Not saved: this page is out of date. Load it again.");
    this.confirmed(fields, answer);
  }

  confirmed(fields, answer) {
    this.saved = fields;
    this.version = answer.version;
    this.retryAfter = 2000;
    if (answer.held === false) this.tell("Somebody else has this item now; your text is kept", "taken");
    else this.tell(`Saved ${hour(answer.saved_at)}`, "saved");
    if (this.dirty) this.touched();
    else store.remove(this.key);
  }

  failed() {
    this.tell("Not saved, retrying", "failed");
    this.later(this.retryAfter);
    this.retryAfter = Math.min(this.retryAfter * 2, LONGEST_RETRY);
  }

  refused(words) {
    this.tell(words, "failed");
  }

  // Somebody, or another tab, saved in the meantime. The person sees both, word by word, and decides; until then
  // nothing is sent. Whichever is taken, the other one can be had back.
  conflict({ message, version, difference = "", ...newer }) {
    this.blocked = true;
    this.tell("Not saved", "failed");
    const mine = fieldsOf(this.form);
    const theirs = Object.fromEntries(Object.entries(newer).map(([name, value]) => [name, [value].flat().map(String)]));
    const choices = [["Keep what is here", () => {
      this.version = version;
      return [theirs, "Bring the other one back"];
    }]];
    if (Object.keys(theirs).length) {
      choices.unshift(["Take the newer one", () => {
        fill(this.form, { ...mine, ...theirs });
        this.version = version;
        this.saved = fieldsOf(this.form);
        store.remove(this.key);
        this.tell("The newer one is shown", "saved");
        return [mine, "Bring mine back"];
      }]);
    }
    this.ask(message || "This was saved somewhere else in the meantime.", choices, difference);
  }

  // A choice may return what it put aside, and the words to have it back. `difference` is the server's own markup.
  ask(question, choices, difference = "") {
    if (!this.region) return;
    this.blocked = true;
    const words = document.createElement("span");
    words.textContent = `${question} `;
    const compared = document.createElement("div");
    compared.innerHTML = difference;
    const buttons = choices.map(([label, act]) => this.button(label, () => {
      const aside = act();
      this.blocked = false;
      this.offerBack(aside);
      if (this.url) this.save();
      else this.touched();
    }));
    this.region.setAttribute("role", "alert");
    this.region.replaceChildren(words, compared, ...buttons);
    this.region.hidden = false;
  }

  button(label, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = label;
    button.addEventListener("click", act);
    return button;
  }

  offerBack(aside) {
    this.region.hidden = !aside || !Object.keys(aside[0]).length;
    if (this.region.hidden) return;
    const [fields, label] = aside;
    this.region.removeAttribute("role");
    this.region.replaceChildren(
      this.button(label, () => {
        const here = fieldsOf(this.form);
        fill(this.form, { ...here, ...fields });
        this.offerBack([here, "Change back"]);
        this.touched();
      }),
      this.button("Close", () => { this.region.hidden = true; }),
    );
  }

  restore() {
    const copy = store.read(this.key);
    if (!copy || this.returned) return this.touched();
    if (same(copy.fields, this.saved)) {
      if (!copy.returned) return store.remove(this.key);
      this.saved = {}; // it stands in the page, and nowhere else
      return this.touched();
    }
    if (this.url ? copy.version >= this.version : copy.version === this.version) {
      fill(this.form, copy.fields);
      this.tell("Restored from this browser", "");
      this.later(200);
      return;
    }
    this.ask("This browser holds an unsaved text that differs from the saved one.", [
      ["Show the unsaved text", () => fill(this.form, copy.fields)],
      ["Drop it", () => store.remove(this.key)],
    ]);
  }

  // A submit overtaking a save would carry the old version and be refused: it waits for the save.
  submitting(event) {
    clearTimeout(this.timer);
    if (this.sending && !this.form.hasAttribute("hx-post")) {
      event.preventDefault();
      const button = event.submitter;
      this.sending.then(() => { if (!this.blocked) this.form.requestSubmit(button); });
      return;
    }
    this.submitted = true;
    store.write(this.key, { fields: fieldsOf(this.form), version: this.version, submitted: true });
  }

  // The same wait where htmx sends the form, not heeding that the submit event is prevented; or where it follows a
  // link whose answer takes this form away.
  confirming(event) {
    if (!event.detail.target?.contains(this.form)) return;
    if (event.target !== this.form) this.save();
    if (!this.sending) return;
    event.preventDefault();
    this.sending.then(() => {
      if (this.blocked) this.submitted = false;
      else event.detail.issueRequest(true);
    });
  }

  // An answer of ours, not a sign-in page in between. What was taken must not come back from this browser; what was
  // returned for a correction is not saved anywhere yet.
  delivered({ detail: { elt, xhr } }) {
    const ours = xhr.getResponseHeader("HX-Push-Url") || xhr.getResponseHeader("HX-Redirect");
    if (elt !== this.form || !ours) return;
    if (xhr.status === 200) store.remove(this.key);
    if (xhr.status === 422) store.write(this.key, { fields: fieldsOf(this.form), version: this.version, returned: true });
  }

  // Not taken: the page stays, and goes on saving. An answer that shows the form again brings a new one.
  answered({ detail: { elt, failed, xhr } }) {
    if (elt !== this.form || !(failed || xhr.status === 0) || !this.form.isConnected) return;
    this.submitted = false;
    this.tell("Not sent. Try again in a moment.", "failed");
    this.later(this.retryAfter);
  }
}

function sweep() {
  const here = new Set([...document.querySelectorAll("form[data-autosave]")].map((form) => form.dataset.autosaveKey));
  for (const key of store.keys()) {
    const copy = store.read(key);
    const delivered = copy?.submitted && !here.has(key);
    if (person && (!copy || copy.person !== person || delivered)) store.remove(key);
  }
}

const all = new Set();

// Those still on the page: htmx takes forms away without a word.
function present() {
  for (const each of all) if (!each.form.isConnected) all.delete(each);
  return [...all];
}

function begin(root) {
  sweep();
  root.querySelectorAll("form[data-autosave]").forEach((form) => all.add(new Autosave(form)));
}

const saveAll = (how) => present().forEach((each) => each.save(how));
document.addEventListener("visibilitychange", () => { if (document.hidden) saveAll({ keepalive: true }); });
addEventListener("pagehide", () => saveAll({ keepalive: true }));
addEventListener("online", () => saveAll());
addEventListener("keydown", (event) => { // who is used to it saves the text and not the page
  if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (event.defaultPrevented || !present().length) return;
  event.preventDefault();
  saveAll();
});
addEventListener("beforeunload", (event) => { if (present().some((each) => each.endangered)) event.preventDefault(); });

// After htmx, which hears this event first: what is restored is seen by those who wait for it.
document.addEventListener("DOMContentLoaded", () => begin(document));
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) begin(event.target);
});
document.querySelectorAll("form[data-sign-out]").forEach((form) => {
  form.addEventListener("submit", () => store.keys().forEach((key) => store.remove(key)));
});
