"use strict";

// One chart a role. Days are whole numbers since 1970-01-01, so no time zone moves a point to the day before.
(() => {
  const DAY = 86400000;
  const HEIGHT = 190;
  const format = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
  const month = format({ month: "short" });
  const shortDay = format({ day: "numeric", month: "short" });
  const longDay = format({ day: "numeric", month: "short", year: "numeric" });
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // The same rule as on the server: what is neither nothing nor everything is never rounded to it.
  const percent = (share) => {
    const whole = Math.floor(share * 100 + 0.5);
    if (whole === 0 && share > 0) return "<1\u00a0%";
    if (whole === 100 && share < 1) return ">99\u00a0%";
    return `${whole}\u00a0%`;
  };

  const reading = (data, i) => {
    const parts = [longDay.format(data.days[i] * DAY)];
    if (data.status[i] === "suppressed") parts.push("too few people");
    else if (data.status[i] === "unknown") parts.push("unknown: source silent");
    else parts.push(data.rate[i] === null ? "nobody had access for long enough" : percent(data.rate[i]));
    if (data.low[i] !== null && data.high[i] !== null && data.low[i] !== data.high[i]) {
      parts[1] += ` (${percent(data.low[i])} to ${percent(data.high[i])})`;
    }
    if (data.plan[i] !== null) parts.push(`plan ${percent(data.plan[i])}`);
    return parts.join(" · ");
  };

  // Stretches of days that are not known, as [from, to, status], each reaching half-way to its neighbours.
  const holes = ({ days, status }) => {
    const found = [];
    for (let i = 0; i < days.length; i++) {
      if (status[i] === "known") continue;
      let last = i;
      while (status[last + 1] === status[i]) last++;
      const from = i > 0 ? (days[i - 1] + days[i]) / 2 : days[i];
      const to = last + 1 < days.length ? (days[last] + days[last + 1]) / 2 : days[last];
      found.push([from, to, status[i]]);
      i = last;
    }
    return found;
  };

  const drawHole = (u, [from, to, status]) => {
    const { ctx, bbox } = u;
    const left = Math.max(u.valToPos(from, "x", true), bbox.left);
    const right = Math.min(u.valToPos(to, "x", true), bbox.left + bbox.width);
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour("--hole");
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    if (status === "unknown") {
      ctx.strokeStyle = colour("--hatch");
      ctx.lineWidth = pixel;
      ctx.beginPath();
      for (let x = left - bbox.height; x < right; x += 8 * pixel) {
        ctx.moveTo(x, bbox.top + bbox.height);
        ctx.lineTo(x + bbox.height, bbox.top);
      }
      ctx.stroke();
    }
    let text = status === "unknown" ? "unknown: source silent" : "too few people";
    ctx.font = `${11 * pixel}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    let width = ctx.measureText(text).width + 8 * pixel;
    const upright = right - left >= width;
    if (!upright && width > bbox.height) {
      text = text.split(":")[0];
      width = ctx.measureText(text).width + 8 * pixel;
    }
    // Too narrow even for a turned line: the reading below the chart says it.
    if (upright || right - left >= 14 * pixel) {
      ctx.translate((left + right) / 2, bbox.top + bbox.height / 2);
      if (!upright) ctx.rotate(-Math.PI / 2);
      ctx.fillStyle = colour("--hole");
      ctx.fillRect(-width / 2, -7 * pixel, width, 14 * pixel);
      ctx.fillStyle = colour("--muted");
      ctx.fillText(text, 0, 0);
    }
    ctx.restore();
  };

  // Firsts of months, thinned out to the room there is; a short history gets its own days instead.
  const ticks = (u, _axis, min, max) => {
    const firsts = [];
    const at = new Date(min * DAY);
    for (let m = at.getUTCMonth() + 1; ; m++) {
      const first = Date.UTC(at.getUTCFullYear(), m, 1) / DAY;
      if (first > max) break;
      firsts.push(first);
    }
    if (firsts.length < 2) {
      const days = u.data[0];
      return [...new Set([days[0], days[days.length >> 1], days[days.length - 1]])];
    }
    const step = Math.ceil(firsts.length / Math.max(2, Math.floor(u.width / 60)));
    return firsts.filter((_, i) => i % step === 0);
  };
  const tickWords = (_u, splits) => {
    const named = splits.every((split) => new Date(split * DAY).getUTCDate() === 1) ? month : shortDay;
    return splits.map((split) => named.format(split * DAY));
  };

  // A line through single days is invisible, so they get a dot; few days get one each.
  const dots = (u, series) => {
    const values = u.data[series];
    const alone = (i) => values[i] != null && values[i - 1] == null && values[i + 1] == null;
    const shown = [...values.keys()].filter((i) => values[i] != null && (values.length <= 32 || alone(i)));
    return shown.length ? shown : null;
  };

  const draw = (data, box, output) => {
    const known = (column) => column.map((value, i) => (data.status[i] === "known" ? value : null));
    const axis = { stroke: () => colour("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
    const last = data.days.length - 1;
    const pad = (data.days[last] - data.days[0]) * 0.02 || 3;
    const plot = new uPlot(
      {
        width: box.clientWidth,
        height: HEIGHT,
        padding: [8, 18, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, sync: { key: "days" } },
        scales: {
          // From the days themselves: around a single one uPlot's own range spans years.
          x: { time: false, range: () => [data.days[0] - pad, data.days[last] + pad] },
          y: { range: [0, 1] },
        },
        axes: [
          { ...axis, size: 24, gap: 4, grid: { show: false }, splits: ticks, values: tickWords },
          {
            ...axis,
            size: 44,
            gap: 4,
            grid: { stroke: () => colour("--line"), width: 1 },
            splits: () => [0, 0.25, 0.5, 0.75, 1],
            values: (_u, splits) => splits.map((split) => (split % 0.5 ? "" : percent(split))),
          },
        ],
        series: [
          {},
          { points: { show: false } },
          { points: { show: false } },
          { stroke: () => colour("--plan"), width: 1.5, dash: [6, 4], points: { show: false } },
          {
            stroke: () => colour("--rate"),
            width: 2,
            points: { show: true, size: 5, fill: () => colour("--rate"), filter: dots },
          },
        ],
        bands: [{ series: [1, 2], fill: () => colour("--band") }],
        hooks: {
          drawAxes: [(u) => holes(data).forEach((hole) => drawHole(u, hole))],
          setCursor: [(u) => { output.textContent = reading(data, u.cursor.idx ?? last); }],
        },
      },
      [data.days, known(data.high), known(data.low), data.plan, data.rate],
      box,
    );
    output.textContent = reading(data, last);

    let at = last;
    const steps = { ArrowLeft: () => at - 1, ArrowRight: () => at + 1, Home: () => 0, End: () => last };
    box.addEventListener("keydown", (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      at = Math.min(Math.max(steps[event.key](), 0), last);
      plot.setCursor({ left: plot.valToPos(data.days[at], "x"), top: HEIGHT / 2 });
    });
    // All charts follow one cursor; only the one in use may speak.
    box.addEventListener("focus", () => output.setAttribute("aria-live", "polite"));
    box.addEventListener("blur", () => {
      output.removeAttribute("aria-live");
      plot.setCursor({ left: -10, top: -10 });
    });
    new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  };

  JSON.parse(document.getElementById("chart-data").textContent).forEach((data, i) => {
    if (data) draw(data, document.getElementById(`chart-${i}`), document.getElementById(`readout-${i}`));
  });
})();
