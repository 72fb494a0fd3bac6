// Filters and URL, theme, menu and print: what happens in the browser without asking the server.
(function () {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const multiple = ["uf", "unidade", "produto", "regiao", "dominio", "ano"];
  let generation = null; // of the filter bar whose values are known
  let known = null; // values of the filters that agree with the URL

  const ask = window.fetch;
  window.fetch = async (...given) => {
    const answer = await ask(...given); // a session that has ended leads to the login
    const here = location.pathname + location.search;
    if (answer.status === 401) location.assign(`/entrar?para=${encodeURIComponent(here)}`);
    return answer;
  };

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  function valuesOf(search, frame) {
    const given = new URLSearchParams(search || "");
    const [first, last] = frame.period;
    const to = given.get("ate") || last;
    const period = given.get("de") || given.get("ate") ? [given.get("de") || to, to] : [first, last];
    return [period, ...multiple.map((name) => given.getAll(name)), given.get("busca") || ""];
  }

  function searchOf(values, search, frame) {
    const query = new URLSearchParams(search || "");
    const [period, ...lists] = values;
    const text = lists.pop();
    for (const name of ["de", "ate", ...multiple, "busca"]) query.delete(name);
    if (period && period[0] && period[1] && !same(period, frame.period)) {
      query.set("de", period[0]);
      query.set("ate", period[1]);
    }
    multiple.forEach((name, at) => (lists[at] || []).forEach((value) => query.append(name, value)));
    if (text) query.set("busca", text);
    const shown = query.toString();
    return shown ? `?${shown}` : "";
  }

  clientside.lakehouse = {
    synchronize: function (search, ...rest) {
      const values = rest.slice(0, 2 + multiple.length);
      const frame = rest[2 + multiple.length];
      const nothing = [clientside.no_update, ...values.map(() => clientside.no_update)];
      if (!frame) return nothing;
      if (frame.generation !== generation) {
        generation = frame.generation; // a filter bar that the server has just filled from the URL
        known = values;
        return nothing;
      }
      const triggered = (clientside.callback_context.triggered || []).map((t) => t.prop_id);
      if (triggered.includes("url.search")) {
        const wanted = valuesOf(search, frame);
        if (same(wanted, values)) {
          known = values;
          return nothing;
        }
        known = wanted;
        return [clientside.no_update, ...wanted];
      }
      const period = values[0];
      if (same(values, known) || (period && period[0] && !period[1])) return nothing;
      known = values;
      const changed = searchOf(values, search, frame);
      return changed === (search || "") ? nothing : [changed, ...values.map(() => clientside.no_update)];
    },

    theme: function (clicks) {
      const root = document.documentElement;
      let scheme = localStorage.getItem("lakehouse-theme");
      if (!scheme) scheme = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      if (clicks) scheme = scheme === "dark" ? "light" : "dark";
      if (clicks) localStorage.setItem("lakehouse-theme", scheme);
      root.setAttribute("data-mantine-color-scheme", scheme);
      localStorage.setItem("mantine-color-scheme-value", scheme);
      document.body.dataset.agThemeMode = scheme;
      return clientside.no_update;
    },

    print: function (clicks) {
      if (clicks) window.print();
      return clientside.no_update;
    },

    leave: function (clicks) {
      if (clicks) {
        const headers = { "Content-Type": "application/json" };
        fetch("/sair", { method: "POST", headers, body: "{}" }).then(() => location.assign("/entrar"));
      }
      return clientside.no_update;
    },

    edited: () => true,

    asked: function (cards, views) {
      const button = clientside.callback_context.triggered_id;
      const clicked = [...cards, ...views].some(Boolean) && button && typeof button === "object";
      return clicked ? { ...button, at: Date.now() } : clientside.no_update;
    },

    refresh: function (clicks) {
      if (clicks) window.location.reload();
      return clientside.no_update;
    },

    menu: function (opened, path, navbar) {
      const moved = (clientside.callback_context.triggered || []).some(
        (each) => each.prop_id === "url.pathname"
      );
      const shown = opened && !moved;
      return [{ ...navbar, collapsed: { mobile: !shown } }, shown];
    },

    exports: function (search, frame) {
      const base = frame ? `/exportar${frame.path}` : "";
      return [`${base}.xlsx${search || ""}`, `${base}.csv${search || ""}`];
    },
  };
})();
