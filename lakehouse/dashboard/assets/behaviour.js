// Filters and URL, theme, menu and print: what happens in the browser without asking the server.
(function () {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const multiple = ["uf", "unidade", "produto", "regiao", "dominio", "camada", "ano"];
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

  // Shows what the server answered: of a page that is shown already, only what differs.
  // Figures are painted at once, charts and tables in the next frame.
  let shown = null;
  let later = []; // what is not painted yet

  const apply = (changes) => changes.forEach(([id, props]) => clientside.set_props(id, props));

  function paintLater(changes) {
    later = changes;
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (later === changes) apply(later.splice(0));
      })
    );
  }

  function showContent(content) {
    apply(later.splice(0));
    const found = [];
    const inPlace = shown && shown.path === content.path && !content.whole;
    const fits = inPlace && isUpdated(shown.body, content.body, found);
    shown = content;
    if (!fits) clientside.set_props("conteudo", { children: content.body });
    else {
      const isMarkup = ([, props]) => "tree" in props;
      apply(found.filter(isMarkup));
      paintLater(found.filter((each) => !isMarkup(each)));
    }
  }

  // Collects the properties that turn a component into another; false if it must be replaced.
  function isUpdated(old, fresh, found) {
    if (!isComponent(old) || !isComponent(fresh)) return same(old, fresh);
    const kind = ({ namespace, type, props }) => [namespace, type, props.id];
    if (!same(kind(old), kind(fresh))) return false;
    const changed = {};
    for (const name of Object.keys({ ...old.props, ...fresh.props })) {
      if (name === "children" || same(old.props[name], fresh.props[name])) continue;
      if (!(name in fresh.props)) return false;
      changed[name] = fresh.props[name];
    }
    const before = [].concat(old.props.children ?? []);
    const now = [].concat(fresh.props.children ?? []);
    const inside = [];
    const kept =
      before.length === now.length && now.every((each, at) => isUpdated(before[at], each, inside));
    if (kept) found.push(...inside);
    else changed.children = fresh.props.children;
    if (Object.keys(changed).length === 0) return true;
    if (!fresh.props.id) return false;
    found.push([fresh.props.id, changed]);
    return true;
  }

  const exported = (kind, search, frame) =>
    `${frame ? `/exportar${frame.path}` : ""}.${kind}${search || ""}`;

  // The parts of the frame that the server has no language for.
  function speak(language) {
    document.documentElement.lang = language === "en" ? "en" : "pt-BR";
    for (const part of document.querySelectorAll("[data-en]")) part.textContent = part.dataset[language];
  }

  const isComponent = (part) => Boolean(part && part.namespace && part.type && part.props);

  clientside.lakehouse = {
    shown: function (content) {
      if (!content) return;
      speak(content.language);
      showContent(content);
    },

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

    xlsx_address: (search, frame) => exported("xlsx", search, frame),
    csv_address: (search, frame) => exported("csv", search, frame),
    pdf_address: (search, frame) => exported("pdf", search, frame),
  };
})();
