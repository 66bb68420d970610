// What a script can add to pages that work without one: search as you type, suggestions,
// the words of a source brought into view, and a word when the connection is gone.
"use strict";

const PAUSE = 180; // milliseconds after the last key
const CALM = 600; // and so many more before somebody who types is told that there is nothing

const connection = document.getElementById("connection");
const ask = document.querySelector("[data-search]");

function online(is) {
  if (connection) connection.hidden = is;
}

if (ask) {
  const words = ask.elements.q;
  const hints = document.getElementById("hints");
  const examples = [...hints.childNodes].map((node) => node.cloneNode(true));
  const said = document.getElementById("said");
  let asking = null;
  let typing = 0;
  let again = 0;
  let settled = true; // what is typed letter by letter is one step of the history
  let shown = location.search;

  const address = () => {
    const parts = new URLSearchParams();
    for (const [name, value] of new FormData(ask)) {
      if (value && !(name === "sort" && value === "relevance")) parts.set(name, value.trim());
    }
    return parts.size ? `/?${parts}` : "/";
  };

  const show = (page) => {
    document.getElementById("results").replaceChildren(...page.getElementById("results").childNodes);
    document.title = page.title;
    for (const name of ["topic", "region"]) {
      const fresh = page.getElementById(name);
      const chosen = ask.elements[name].value;
      if (fresh.options.length > 1) ask.elements[name].replaceChildren(...fresh.options);
      ask.elements[name].value = chosen;
    }
    const currency = page.getElementById("currency").value; // the page chooses one for amounts that have none
    ask.elements.currency.replaceChildren(...page.getElementById("currency").options);
    ask.elements.currency.value = currency;
    document.getElementById("funders").replaceChildren(...page.getElementById("funders").childNodes);
    said.textContent = document.getElementById("found").textContent;
    wait();
  };

  const move = (wanted, typed) => {
    if (wanted.search === shown) return;
    history[typed && !settled ? "replaceState" : "pushState"](null, "", wanted);
    shown = wanted.search;
    settled = !typed;
  };

  const search = async (wanted = address(), typed = false) => {
    asking?.abort();
    const mine = (asking = new AbortController());
    clearTimeout(again);
    document.body.classList.add("asking");
    try {
      const answer = await fetch(wanted, { signal: mine.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("results")) return location.assign(wanted);
      online(true);
      if (typed && !page.querySelector(".results")) await new Promise((resolve) => setTimeout(resolve, CALM));
      if (asking !== mine) return;
      show(page);
      move(new URL(answer.url), typed);
    } catch (error) {
      if (error.name !== "AbortError") online(false);
    } finally {
      if (asking === mine) document.body.classList.remove("asking");
    }
  };

  // A page that asks for a pause is asked again when it is over.
  const wait = () => {
    const pause = document.querySelector("#results [data-wait]");
    if (pause) again = setTimeout(search, Number(pause.dataset.wait) * 1000, pause.dataset.again);
  };

  const suggest = async () => {
    const typed = words.value.trim();
    let found = [];
    if (typed.length > 1) {
      try {
        const answer = await fetch(`/suggest?${new URLSearchParams({ q: typed })}`);
        found = (await answer.json()).suggestions;
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

  const soon = (event) => {
    const typed = event.target === words;
    clearTimeout(typing);
    typing = setTimeout(() => {
      search(address(), typed);
      if (typed) suggest();
    }, PAUSE);
  };

  words.addEventListener("input", soon);
  words.addEventListener("change", () => (settled = true));
  for (const field of ask.elements) {
    if (field !== words && field.name) field.addEventListener("change", soon);
  }
  ask.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    search();
  });
  addEventListener("popstate", () => {
    if (location.search !== shown) location.reload();
  });
  addEventListener("online", () => search());
  document.body.classList.add("lively");
  wait();
}

// On a wide page the filters stand beside the results; on a narrow one they wait to be opened.
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
  const bring = () => {
    if (!text || text.scrollHeight <= text.clientHeight) return;
    text.scrollTo({ top: first.offsetTop - text.clientHeight / 3 });
  };
  reading.addEventListener("pointerenter", bring);
  reading.addEventListener("focusin", bring);
}

addEventListener("offline", () => online(false));
addEventListener("online", () => online(true));
