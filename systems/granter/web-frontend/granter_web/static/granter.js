// Additions to pages that work without scripts: search as you type, suggestions,
// scrolling to the evidence in a source, and a message while the browser is offline.
"use strict";

const TYPING_DELAY = 180; // milliseconds after the last key
const EMPTY_DELAY = 600; // additional milliseconds before an empty result is shown, because more letters may follow

const connection = document.getElementById("connection");
const form = document.querySelector("[data-search]");

function showOnline(is) {
  if (connection) connection.hidden = is;
}

if (form) {
  const words = form.elements.q;
  const hints = document.getElementById("hints");
  const examples = [...hints.childNodes].map((node) => node.cloneNode(true));
  const status = document.getElementById("status");
  let pending = null;
  let typing = 0;
  let retry = 0;
  let newEntry = true; // whether the next search while typing adds a history entry instead of replacing one
  let shown = location.search;

  const address = () => {
    const parts = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value && !(name === "sort" && value === "relevance")) parts.set(name, value.trim());
    }
    return parts.size ? `/?${parts}` : "/";
  };

  const show = (page) => {
    document.getElementById("results").replaceChildren(...page.getElementById("results").childNodes);
    document.title = page.title;
    for (const name of ["topic", "region"]) {
      const newSelect = page.getElementById(name);
      const chosen = form.elements[name].value;
      if (newSelect.options.length > 1) form.elements[name].replaceChildren(...newSelect.options);
      form.elements[name].value = chosen;
    }
    const currency = page.getElementById("currency").value; // the page chooses one for amounts that have none
    form.elements.currency.replaceChildren(...page.getElementById("currency").options);
    form.elements.currency.value = currency;
    document.getElementById("funders").replaceChildren(...page.getElementById("funders").childNodes);
    status.textContent = document.getElementById("found").textContent;
    scheduleRetry();
  };

  const updateAddress = (wanted, typed) => {
    if (wanted.search === shown) return;
    history[typed && !newEntry ? "replaceState" : "pushState"](null, "", wanted);
    shown = wanted.search;
    newEntry = !typed;
  };

  const search = async (wanted = address(), typed = false) => {
    pending?.abort();
    const controller = (pending = new AbortController());
    clearTimeout(retry);
    document.body.classList.add("loading");
    try {
      const response = await fetch(wanted, { signal: controller.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (!page.getElementById("results")) return location.assign(wanted);
      showOnline(true);
      if (typed && !page.querySelector(".results")) await new Promise((resolve) => setTimeout(resolve, EMPTY_DELAY));
      if (pending !== controller) return;
      show(page);
      updateAddress(new URL(response.url), typed);
    } catch (error) {
      if (error.name !== "AbortError") showOnline(false);
    } finally {
      if (pending === controller) document.body.classList.remove("loading");
    }
  };

  // Search again after the wait that the page states.
  const scheduleRetry = () => {
    const pause = document.querySelector("#results [data-wait]");
    if (pause) retry = setTimeout(search, Number(pause.dataset.wait) * 1000, pause.dataset.again);
  };

  const suggest = async () => {
    const typed = words.value.trim();
    let found = [];
    if (typed.length > 1) {
      try {
        const response = await fetch(`/suggest?${new URLSearchParams({ q: typed })}`);
        found = (await response.json()).suggestions;
      } catch {
        found = [];
      }
    }
    if (words.value.trim() !== typed) return;
    const links = found.flatMap((text) => {
      const link = document.createElement("a");
      link.href = `/?${new URLSearchParams({ q: text })}`;
      link.textContent = text;
      return [" ", link];
    });
    const title = document.createElement("span");
    title.textContent = hints.dataset.title;
    hints.replaceChildren(...(links.length ? [title, ...links] : examples.map((node) => node.cloneNode(true))));
  };

  const scheduleSearch = (event) => {
    const typed = event.target === words;
    clearTimeout(typing);
    typing = setTimeout(() => {
      search(address(), typed);
      if (typed) suggest();
    }, TYPING_DELAY);
  };

  words.addEventListener("input", scheduleSearch);
  words.addEventListener("change", () => (newEntry = true));
  for (const field of form.elements) {
    if (field !== words && field.name) field.addEventListener("change", scheduleSearch);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    search();
  });
  addEventListener("popstate", () => {
    if (location.search !== shown) location.reload();
  });
  addEventListener("online", () => search());
  document.body.classList.add("scripted");
  scheduleRetry();
}

// On a wide page the filters are shown next to the results; on a narrow one they start closed.
const filters = document.querySelector("details.filters");
if (filters && matchMedia("(min-width: 56rem)").matches) filters.open = true;

for (const secret of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Show";
  button.setAttribute("aria-controls", secret.id);
  button.addEventListener("click", () => {
    const hidden = secret.type === "password";
    secret.type = hidden ? "text" : "password";
    button.textContent = hidden ? "Hide" : "Show";
  });
  secret.form.addEventListener("submit", () => (secret.type = "password"));
  const pair = document.createElement("span");
  pair.className = "pair";
  secret.replaceWith(pair);
  pair.append(secret, button);
}

for (const reading of document.querySelectorAll(".reading")) {
  const first = document.getElementById(`read-${reading.dataset.field}`);
  const text = first?.closest(".text");
  const scrollToText = () => {
    if (!text || text.scrollHeight <= text.clientHeight) return;
    text.scrollTo({ top: first.offsetTop - text.clientHeight / 3 });
  };
  reading.addEventListener("pointerenter", scrollToText);
  reading.addEventListener("focusin", scrollToText);
}

addEventListener("offline", () => showOnline(false));
addEventListener("online", () => showOnline(true));
