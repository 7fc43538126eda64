// Keys: elements carry data-key ("a", "Control+Enter", several with spaces). "?" lists those of this page, where
// everybody may choose their own in their place.
const SETTING = "single-keys";
const dialog = document.getElementById("keys");
const NAMES = { Control: "Ctrl", Enter: "↵", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

function singleKeysOn() {
  try { return localStorage.getItem(SETTING) !== "off"; } catch { return true; }
}

// --- Keys of one's own: which key somebody presses for what a page names by its usual key ---------------------
// Always one for one: a key that is given away takes over what the new one did, so no two acts ever share a key.

const PLACE = `keys:${document.body.dataset.person || ""}`; // of this person, in this browser
const CHARACTER = /^[^\s?]$/u;

let own = read();

function read() {
  try {
    const stored = Object.entries(JSON.parse(localStorage.getItem(PLACE)) || {});
    return new Map(stored.filter((each) => each.every((one) => typeof one === "string")));
  } catch { return new Map(); }
}

function write() {
  try {
    if (own.size) localStorage.setItem(PLACE, JSON.stringify(Object.fromEntries(own)));
    else localStorage.removeItem(PLACE);
  } catch { /* holds for this page only */ }
}

const isSingle = (combination) => combination.length === 1 || !combination.includes("+");
const pressedFor = (usual) => own.get(usual) ?? usual;
const anyOwn = () => own.size > 0;

// What a key that was pressed stands for: the usual key of the same act.
function usualOf(pressed) {
  for (const [usual, instead] of own) if (instead === pressed) return usual;
  return pressed;
}

// The combination of a key event; "" for one that cannot be chosen. Arrows, Enter, Tab, Escape and ? keep their sense.
function chosen(event) {
  const alone = CHARACTER.test(event.key);
  const modifiers = [(event.ctrlKey || event.metaKey) && "Control", event.altKey && "Alt"].filter(Boolean);
  if (!alone && !(event.key === "Enter" && modifiers.length)) return "";
  return [...modifiers, alone ? event.key.toLowerCase() : event.key].join("+");
}

// A key that also works while one types needs Ctrl or Alt, and one that does not must do without.
function give(usual, pressed) {
  if (!pressed || isSingle(pressed) !== isSingle(usual)) return null;
  const [other, before] = [usualOf(pressed), pressedFor(usual)];
  for (const [act, key] of [[other, before], [usual, pressed]]) {
    if (act === key) own.delete(act);
    else own.set(act, key);
  }
  write();
  return { other: other === usual ? "" : other, before };
}

function asUsual() {
  own = new Map();
  write();
}

addEventListener("storage", (event) => {
  if (event.key !== PLACE) return;
  own = read();
  announce();
});

// --- Pressing -------------------------------------------------------------------------------------------------

function isTyping(target) {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["checkbox", "radio", "button", "submit", "range", "file"].includes(target.type);
}

function matches(event, usual) {
  const parts = pressedFor(usual).split("+");
  const key = parts.pop() || "+";
  const wantsControl = parts.includes("Control");
  if (wantsControl !== (event.ctrlKey || event.metaKey)) return false;
  if (parts.includes("Alt") !== event.altKey) return false;
  return event.key.toLowerCase() === key.toLowerCase();
}

// A key that sends is meant for the form one types in, or for the part of it that has keys of its own.
function inOrder(target) {
  const form = target.closest("[data-own-keys], form");
  const all = [...document.querySelectorAll("[data-key]")];
  return form ? [...all.filter((each) => form.contains(each)), ...all.filter((each) => !form.contains(each))] : all;
}

const inReach = (element, dialogs = "dialog[open]") => {
  const open = document.querySelector(dialogs);
  return !element.disabled && element.checkVisibility() && (!open || open.contains(element));
};

function use(element) {
  if (element.matches("details")) {
    element.open = !element.open;
    if (element.open) element.querySelector("[data-first], .skip-reasons .btn")?.focus();
    else if (!document.activeElement.checkVisibility()) document.activeElement.blur();
    return;
  }
  if (element.matches("input[type=radio], input[type=checkbox], button, a, summary")) {
    element.focus({ preventScroll: true });
    element.click();
    return;
  }
  element.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const typing = isTyping(event.target);
  if (event.key === "?" && !typing && singleKeysOn()) {
    openSheet();
    event.preventDefault();
    return;
  }
  if (!typing && singleKeysOn() && !event.ctrlKey && !event.metaKey && !event.altKey && chooseScore(event)) return;

  if (typing && event.key === "Escape") {
    event.target.blur();
    event.preventDefault();
    return;
  }

  for (const element of inOrder(event.target)) {
    const hit = element.dataset.key.split(" ").find((combination) => matches(event, combination));
    if (!hit || !inReach(element)) continue;
    if (isSingle(hit) && (typing || !singleKeysOn())) continue; // one's own are of the same kind
    event.preventDefault();
    if (!isSingle(hit) || !pressedTwice(element, hit)) use(element);
    return;
  }
});

// A key hit twice by mistake must not decide about the item that the first hit has brought, unread.
let lastSent = { key: "", at: 0 };
document.addEventListener("htmx:afterSettle", () => { lastSent.at = Date.now(); });

function pressedTwice(element, key) {
  if (element.type !== "submit") return false;
  const twice = lastSent.key === key && Date.now() - lastSent.at < 600;
  lastSent = { key, at: Date.now() };
  return twice;
}

// --- Scores by digits: in the row with the focus, else in the first row without a score ---------------------

let lastDigit = { row: null, at: 0, value: "" };

function chooseScore(event) {
  const digit = usualOf(event.key);
  if (!/^\d$/.test(digit) || document.querySelector("dialog[open]")) return false;
  const quick = lastDigit.row?.isConnected && Date.now() - lastDigit.at < 900;
  if (quick && choose(lastDigit.row, lastDigit.value + digit)) {
    event.preventDefault();
    return true;
  }
  const rows = [...document.querySelectorAll(".criterion")];
  const row = event.target.closest(".criterion") || rows.find((each) => !each.querySelector(":checked"));
  if (!row || !choose(row, digit)) return false;
  lastDigit = { row, at: Date.now(), value: digit };
  event.preventDefault();
  const next = rows[rows.indexOf(row) + 1];
  if (next && row.querySelectorAll("input[type=radio]").length < 10) focusRow(next);
  return true;
}

function choose(row, value) {
  const radio = row?.querySelector(`input[type=radio][value="${value}"]`);
  if (!radio) return false;
  radio.focus();
  radio.click();
  return true;
}

function focusRow(row) {
  (row.querySelector(":checked") || row.querySelector("input[type=radio]")).focus();
  row.scrollIntoView({ block: "nearest" });
}

// --- The sheet ----------------------------------------------------------------------------------------------

function label(element) {
  if (element.dataset.keyLabel) return element.dataset.keyLabel;
  if (element.ariaLabel) return element.ariaLabel;
  const source = element.matches("details") ? element.querySelector("summary") : element;
  const words = source.cloneNode(true);
  words.querySelectorAll("kbd").forEach((kbd) => kbd.remove());
  return words.textContent.trim() || element.labels?.[0]?.textContent.trim() || "";
}

function caps(combination) {
  return combination.split("+").map((part) => {
    const kbd = document.createElement("kbd");
    kbd.textContent = NAMES[part] || part;
    return kbd;
  });
}

const spoken = (combination) => combination.split("+").map((part) => NAMES[part] || part).join("+");

function row(keys, words, changeable = false) {
  const term = document.createElement("dt");
  const description = document.createElement("dd");
  description.id = `does-${keys[0]}`;
  description.textContent = words;
  keys.forEach((usual, index) => {
    if (index) term.append(" or ");
    term.append(...(changeable && usual !== "Escape" && !usual.startsWith("Arrow") ? [keyButton(usual, description)] : caps(usual)));
  });
  return [term, description];
}

function fillSheet() {
  const list = dialog.querySelector("[data-key-list]");
  list.replaceChildren(...row(["?"], "Show this list"));
  if (document.querySelector(".criterion")) list.append(...row(["0 … 9"], "Score the present row and go to the next"));
  for (const element of document.querySelectorAll("[data-key]")) {
    if (dialog.contains(element) || !inReach(element, "dialog[open]:not(#keys)")) continue;
    list.append(...row(element.dataset.key.split(" "), label(element), true));
  }
  dialog.querySelector("[data-usual-keys]").hidden = !anyOwn();
}

function openSheet() {
  fillSheet();
  dialog.querySelector("[data-single-keys]").checked = singleKeysOn();
  dialog.showModal();
}

// --- One's own keys -----------------------------------------------------------------------------------------

let stopAsking = () => {};

function keyButton(usual, description) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "key-change";
  button.dataset.usual = usual;
  button.append(...caps(pressedFor(usual)));
  button.setAttribute("aria-label", `Change ${spoken(pressedFor(usual))}`);
  button.setAttribute("aria-describedby", description.id);
  button.addEventListener("click", () => askFor(button, usual, description.textContent));
  return button;
}

const say = (words) => { dialog.querySelector("[data-key-said]").textContent = words; };

function askFor(button, usual, words) {
  stopAsking();
  button.dataset.waiting = "";
  const single = isSingle(usual);
  say(`Press the ${single ? "key" : "key, with Ctrl or Alt,"} that you want for ${words}. Esc leaves it as it is.`);
  const pressed = (event) => {
    if (["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "Escape") return stopAsking();
    const key = chosen(event);
    const given = give(usual, key);
    if (!given) return say(single ? "Choose a letter, a digit or a sign, by itself." : "Choose one together with Ctrl or Alt: it works while you type.");
    stopAsking();
    announce();
    fillSheet();
    say(`${words}: ${spoken(key)}.${given.other ? ` Where ${spoken(key)} did something else, ${spoken(given.before)} does it now.` : ""}`);
    dialog.querySelector(`[data-usual="${CSS.escape(usual)}"]`)?.focus();
  };
  stopAsking = () => {
    delete button.dataset.waiting;
    document.removeEventListener("keydown", pressed, true);
    stopAsking = () => {};
    say("");
  };
  document.addEventListener("keydown", pressed, true);
}

dialog?.addEventListener("close", () => stopAsking());
dialog?.querySelector("[data-usual-keys]").addEventListener("click", () => {
  stopAsking();
  asUsual();
  announce();
  fillSheet();
  say("All keys are the usual ones again.");
  dialog.querySelector(".key-change")?.focus();
});

// The caps on buttons and labels show the key that works.
function relabel() {
  for (const kbd of document.querySelectorAll("main kbd")) {
    const owner = kbd.closest("[data-key]") || kbd.closest("label")?.control;
    const keys = owner?.dataset.key?.split(" ") || [];
    kbd.dataset.usual ??= kbd.textContent;
    if (keys.includes(kbd.dataset.usual)) kbd.textContent = pressedFor(kbd.dataset.usual);
    else if (kbd.dataset.usual === "Ctrl" && kbd.nextElementSibling?.matches("kbd") && keys.includes("Control+Enter")) {
      const parts = pressedFor("Control+Enter").split("+").map((part) => NAMES[part] || part);
      kbd.textContent = parts.slice(0, -1).join("+");
      kbd.nextElementSibling.dataset.usual ??= kbd.nextElementSibling.textContent;
      kbd.nextElementSibling.textContent = parts.at(-1);
    }
  }
}

function announce() {
  for (const element of document.querySelectorAll("[data-key]")) {
    element.setAttribute("aria-keyshortcuts", element.dataset.key.split(" ").map(pressedFor).join(" "));
  }
  document.documentElement.dataset.singleKeys = singleKeysOn() ? "on" : "off";
  relabel();
}

dialog?.querySelector("[data-single-keys]").addEventListener("change", (event) => {
  try { localStorage.setItem(SETTING, event.target.checked ? "on" : "off"); } catch { /* holds for this page only */ }
  announce();
});
document.querySelectorAll("[data-open-keys]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", openSheet);
});
document.addEventListener("htmx:afterSettle", announce);
announce();
