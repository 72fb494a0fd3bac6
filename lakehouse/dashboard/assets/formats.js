// Numbers, money and dates as Brazilians and English readers write them; used by charts and tables.
(function () {
  "use strict";
  const places = { pt: "pt-BR", en: "en-US" };
  const kinds = {
    brl: { style: "currency", currency: "BRL" },
    usd: { style: "currency", currency: "USD" },
    count: { maximumFractionDigits: 0 },
    percent: { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 },
    decimal: { minimumFractionDigits: 2, maximumFractionDigits: 2 },
    seconds: { style: "unit", unit: "second", maximumFractionDigits: 1 },
  };
  const functions = {};
  const missing = "–";
  for (const [language, place] of Object.entries(places)) {
    for (const [kind, options] of Object.entries(kinds)) {
      const full = new Intl.NumberFormat(place, { ...options, signDisplay: "negative" });
      const short = new Intl.NumberFormat(place, {
        ...options,
        notation: kind === "percent" ? "standard" : "compact",
        minimumFractionDigits: 0,
        maximumFractionDigits: 1,
      });
      const absent = (value) => value === null || value === undefined || value === "";
      functions[`${kind}_${language}`] = (value) => (absent(value) ? missing : full.format(value));
      functions[`${kind}_short_${language}`] = (value) => (absent(value) ? "" : short.format(value));
    }
    const day = (value) => {
      const parts = String(value || "").slice(0, 10).split("-");
      if (parts.length !== 3) return value || missing;
      return language === "pt" ? parts.reverse().join("/") : parts.join("-");
    };
    functions[`day_${language}`] = day;
    functions[`moment_${language}`] = (value) =>
      value ? `${day(value)} ${String(value).slice(11, 16)}` : missing;
  }
  const amount = functions.decimal_en;
  const prefixed = (symbol) => (value) => {
    const text = amount(value); // the symbol before the sign-less number, as on the cards
    if (text === missing) return text;
    return text.startsWith("-") ? `-${symbol}\u00a0${text.slice(1)}` : `${symbol}\u00a0${text}`;
  };
  functions.brl_en = prefixed("R$");
  functions.usd_en = prefixed("US$");
  // A chart's tooltip with the details that the server wrote for each point.
  functions.detailed = ({ active, label, payload }) => {
    if (!active || !payload || !payload.length) return null;
    const line = (name, value, key, color) =>
      React.createElement("div", { key, className: "tip-line" }, [
        React.createElement("span", { key: "n" }, [
          color ? React.createElement("i", { key: "c", style: { background: color } }) : null,
          name,
        ]),
        React.createElement("b", { key: "v" }, value),
      ]);
    const parts = payload.flatMap((each, at) =>
      ((each.payload._tips || {})[each.dataKey] || []).map(([name, value], n) =>
        line(name, value, `${at}-${n}`, n ? null : each.color)
      )
    );
    return React.createElement("div", { className: "tip" }, [
      React.createElement("div", { key: "l", className: "tip-label" }, label),
      ...parts,
    ]);
  };
  functions.text_pt = (params) => (window.lakehouseGridTexts || {})[params.key] || params.defaultValue;

  window.dashMantineFunctions = Object.assign(window.dashMantineFunctions || {}, functions);
  const grid = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  grid.lakehouse = functions;
  grid.lakehouseTheme = (theme) =>
    theme.withParams({
      accentColor: "var(--mantine-primary-color-filled)",
      backgroundColor: "transparent",
      borderColor: "var(--lake-line)",
      fontFamily: "inherit",
      fontSize: 13,
      foregroundColor: "var(--mantine-color-text)",
      headerBackgroundColor: "transparent",
      headerFontWeight: 600,
      headerTextColor: "var(--lake-quiet)",
      rowHoverColor: "var(--lake-hover)",
      wrapperBorder: false,
      wrapperBorderRadius: 0,
      rowHeight: 38,
      headerHeight: 40,
      cellHorizontalPadding: 12,
    });

  // dayjs, pt-BR, from the npm package dayjs 1.11.23, copyright (c) 2018-present, iamkun, MIT license.
  window["dayjs_locale_pt-br"] = {
    name: "pt-br",
    weekdays: "domingo_segunda-feira_terça-feira_quarta-feira_quinta-feira_sexta-feira_sábado".split("_"),
    weekdaysShort: "dom_seg_ter_qua_qui_sex_sáb".split("_"),
    weekdaysMin: "Do_2ª_3ª_4ª_5ª_6ª_Sá".split("_"),
    months:
      "janeiro_fevereiro_março_abril_maio_junho_julho_agosto_setembro_outubro_novembro_dezembro".split("_"),
    monthsShort: "jan_fev_mar_abr_mai_jun_jul_ago_set_out_nov_dez".split("_"),
    ordinal: (number) => `${number}º`,
    formats: {
      LT: "HH:mm",
      LTS: "HH:mm:ss",
      L: "DD/MM/YYYY",
      LL: "D [de] MMMM [de] YYYY",
      LLL: "D [de] MMMM [de] YYYY [às] HH:mm",
      LLLL: "dddd, D [de] MMMM [de] YYYY [às] HH:mm",
    },
  };
})();
