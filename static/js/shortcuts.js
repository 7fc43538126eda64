// Keys: elements carry data-key ("a", "Control+Enter", several with spaces). "?" lists those of this page.
const SETTING = "single-keys";
const dialog = document.getElementById("keys");
const NAMES = { Control: "Ctrl", Enter: "↵", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

function singleKeysOn() {
  try { return localStorage.getItem(SETTING) !== "off"; } catch { return true; }
}

function isTyping(target) {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["checkbox", "radio", "button", "submit", "range", "file"].includes(target.type);
}

function matches(event, combination) {
  const parts = combination.split("+");
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

const isSingle = (combination) => !combination.includes("+");
const inReach = (element) => {
  const open = document.querySelector("dialog[open]");
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
    if (isSingle(hit) && (typing || !singleKeysOn())) continue;
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
  if (!/^\d$/.test(event.key) || document.querySelector("dialog[open]")) return false;
  const quick = lastDigit.row?.isConnected && Date.now() - lastDigit.at < 900;
  if (quick && choose(lastDigit.row, lastDigit.value + event.key)) {
    event.preventDefault();
    return true;
  }
  const rows = [...document.querySelectorAll(".criterion")];
  const row = event.target.closest(".criterion") || rows.find((each) => !each.querySelector(":checked"));
  if (!row || !choose(row, event.key)) return false;
  lastDigit = { row, at: Date.now(), value: event.key };
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

function row(keys, words) {
  const term = document.createElement("dt");
  keys.forEach((combination, index) => {
    if (index) term.append(" or ");
    for (const part of combination.split("+")) {
      const kbd = document.createElement("kbd");
      kbd.textContent = NAMES[part] || part;
      term.append(kbd);
    }
  });
  const description = document.createElement("dd");
  description.textContent = words;
  return [term, description];
}

function openSheet() {
  const list = dialog.querySelector("[data-key-list]");
  list.replaceChildren(...row(["?"], "Show this list"));
  if (document.querySelector(".criterion")) list.append(...row(["0 … 9"], "Score the present row and go to the next"));
  for (const element of document.querySelectorAll("[data-key]")) {
    if (!dialog.contains(element) && inReach(element)) list.append(...row(element.dataset.key.split(" "), label(element)));
  }
  dialog.querySelector("[data-single-keys]").checked = singleKeysOn();
  dialog.showModal();
}

function announce() {
  for (const element of document.querySelectorAll("[data-key]")) {
    element.setAttribute("aria-keyshortcuts", element.dataset.key);
  }
  document.documentElement.dataset.singleKeys = singleKeysOn() ? "on" : "off";
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
