import { Random } from "../random.ts";
import { material } from "./colour.ts";
import { circle, fill, oval, rect, stroke } from "./pen.ts";

/** The picture over the home page: dusk at a mountain tarn, 1600 x 760. Drawn once. */
export function sceneSvg(): string {
  drawn ??= draw(new Random("scene/4"));
  return drawn;
}

let drawn: string | undefined;

function draw(random: Random): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1600 760" preserveAspectRatio="xMidYMax slice">`,
    `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#f3e6cd"/><stop offset=".6" stop-color="#f4d3a6"/><stop offset="1" stop-color="#efb98a"/></linearGradient>`,
    `<linearGradient id="tarn" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#e5b58c"/><stop offset=".35" stop-color="#88a6a8"/><stop offset="1" stop-color="#3f6570"/></linearGradient>`,
    `<radialGradient id="glow"><stop offset="0" stop-color="#fbe3a0" stop-opacity=".95"/><stop offset="1" stop-color="#f0a73c" stop-opacity="0"/></radialGradient></defs>`,
    rect(0, 0, 1600, 760, 0, "url(#sky)"),
    circle(1080, 250, 190, "#fbe9c4", { opacity: 0.5 }),
    circle(1080, 250, 74, "#fdf3d6"),
    cloud(860, 150, 1),
    cloud(1330, 118, 0.8),
    ridge(random, 470, 150, 7, "#c9b8a4"),
    ridge(random, 490, 120, 9, "#a3a89c"),
    fill("M520 500 L690 330 L738 372 L838 236 L930 350 L972 318 L1120 470 L1240 500 Z", "#76888a"),
    fill("M838 236 L930 350 L884 372 L860 344 L842 386 L800 330 Z", "#f2eadb"),
    fill("M838 236 L930 350 L972 318 L1120 470 L1240 500 L900 500 L884 372 L860 344 Z", "#5f7377", { opacity: 0.55 }),
    fill("M690 330 L738 372 L716 392 L700 372 L682 398 L664 356 Z", "#f2eadb"),
    ridge(random, 506, 70, 12, "#5d7a6c"),
    rect(0, 500, 1600, 260, 0, "url(#tarn)"),
    fill("M700 502 L838 640 L990 502 Z", "#5f7377", { opacity: 0.25 }),
    ...Array.from({ length: 26 }, () => {
      const y = 512 + random.int(0, 120);
      const x = random.int(300, 1500);
      return stroke(`M${x} ${y} l${random.int(30, 120)} 0`, "#fbe9c4", 2.5, { opacity: 0.35 });
    }),
    ...Array.from({ length: 30 }, (_, i) =>
      pine(-10 + i * 17 + random.int(-8, 8), 520 + random.int(0, 14), 40 + random.int(0, 46), "#4d6f5f"),
    ),
    ...Array.from({ length: 26 }, (_, i) =>
      pine(1240 + i * 16 + random.int(-8, 8), 522 + random.int(0, 16), 46 + random.int(0, 60), "#466656"),
    ),
    fill(
      "M0 620 C200 570 420 596 620 640 C820 684 1000 640 1180 606 C1340 578 1480 584 1600 600 L1600 760 L0 760 Z",
      "#3d5a41",
    ),
    fill("M0 680 C240 640 500 690 760 704 C1060 720 1300 660 1600 664 L1600 760 L0 760 Z", "#2f4a3a"),
    ...[26, 92, 152, 214].map((x, i) => pine(x, 706 - i * 12, 250 - i * 34, i % 2 ? "#2b4a3e" : "#24413a")),
    ...[1590, 1520, 1462].map((x, i) => pine(x, 706 - i * 8, 300 - i * 56, i % 2 ? "#2b4a3e" : "#213c35")),
    camp(),
    ...Array.from({ length: 60 }, () => {
      const x = random.int(240, 1480);
      const y = 690 + random.int(0, 60);
      return stroke(
        `M${x} ${y} q${random.int(-6, 6)} -${random.int(10, 22)} ${random.int(-8, 8)} -${random.int(18, 30)}`,
        random.pick(["#4f7050", "#60805a", "#3f6046"]),
        3,
      );
    }),
    ...Array.from({ length: 16 }, () =>
      circle(random.int(260, 1440), 694 + random.int(0, 54), 3.6, random.pick(["#e9b8a8", "#f2dcb3", "#d98973"])),
    ),
    ...[0, 1, 2].map((i) => stroke(`M${640 + i * 44} ${170 + (i % 2) * 20} q9 -10 17 0 q8 -10 17 0`, "#6f6a5c", 3)),
    "</svg>",
  ].join("");
}

/** A glowing tent, a fire, two mugs and a lantern on a stump. */
function camp(): string {
  return [
    oval(1120, 668, 330, 60, "url(#glow)", { opacity: 0.75 }),
    oval(1060, 664, 170, 12, material.shadow, { opacity: 0.25 }),
    stroke("M916 660 L978 590 M1206 660 L1142 590", material.cord, 2.5),
    fill("M930 662 C966 556 1016 500 1062 500 C1108 500 1158 556 1194 662 Z", "#c9583b"),
    fill("M930 662 C966 556 1016 500 1062 500 C1020 530 990 600 980 662 Z", "#a64530"),
    fill("M1062 532 C1092 566 1110 616 1116 662 L1012 662 C1018 612 1036 566 1062 532 Z", "#fbdc8e"),
    fill("M1062 532 C1042 572 1036 616 1040 662 L1012 662 C1018 612 1036 566 1062 532 Z", "#f2dcb3"),
    stroke("M936 658 C970 554 1018 500 1062 500 C1106 500 1154 554 1188 658", "#f2dcb3", 4),
    oval(1068, 654, 22, 9, "#e0a458"),
    circle(1300, 640, 96, "url(#glow)"),
    fill(
      "M1300 586 C1272 618 1278 640 1284 652 L1318 652 C1328 634 1322 618 1308 608 C1304 616 1298 608 1300 586 Z",
      material.flame,
    ),
    fill("M1301 616 C1290 632 1292 644 1294 652 L1310 652 C1314 640 1310 630 1301 616 Z", material.flameCore),
    stroke("M1272 658 L1330 644 M1270 646 L1332 660", "#5b4334", 9),
    rect(1386, 634, 52, 36, 6, "#5b4334"),
    oval(1412, 634, 26, 7, "#a77c50"),
    rect(1402, 604, 20, 26, 3, "#fdf0c4"),
    rect(1399, 598, 26, 7, 3, "#35393c"),
    rect(1399, 627, 26, 6, 3, "#35393c"),
    stroke("M1404 598 q8 -18 16 0", "#35393c", 3),
    rect(1236, 654, 15, 15, 3, "#8db4c4"),
    stroke("M1251 658 q8 3 0 8", "#8db4c4", 3),
    rect(1212, 656, 15, 14, 3, "#f2eadb"),
    stroke("M1212 660 q-8 3 0 7", "#f2eadb", 3),
  ].join("");
}

function cloud(x: number, y: number, size: number): string {
  return `<g transform="translate(${x} ${y}) scale(${size})" opacity=".75">${rect(0, 0, 190, 20, 10, "#fdf6e6")}${rect(46, -16, 110, 22, 11, "#fdf6e6")}${rect(-36, 14, 120, 14, 7, "#fdf6e6")}</g>`;
}

function ridge(random: Random, base: number, height: number, peaks: number, colour: string): string {
  const step = 1600 / peaks;
  const points = Array.from({ length: peaks + 1 }, (_, i) => {
    const top = base - height * (0.35 + 0.65 * random.next());
    return `Q${Math.round((i - 0.5) * step)} ${Math.round(base - height * 0.3 * random.next())} ${Math.round(i * step)} ${Math.round(top)}`;
  });
  return fill(`M-120 ${base} ${points.join(" ")} L1720 ${base} L1720 ${base + 60} L-120 ${base + 60} Z`, colour);
}

function pine(x: number, y: number, height: number, colour: string): string {
  const half = height * 0.24;
  const tiers = [0, 1, 2, 3].map((i) => {
    const top = y - height + i * height * 0.2;
    const width = half * (0.4 + i * 0.2);
    return `M${x} ${Math.round(top)} L${Math.round(x + width)} ${Math.round(top + height * 0.34)} Q${x} ${Math.round(top + height * 0.28)} ${Math.round(x - width)} ${Math.round(top + height * 0.34)} Z`;
  });
  return (
    rect(x - height * 0.02, y - height * 0.12, height * 0.04, height * 0.14, 0, "#4b3a2c") +
    fill(tiers.join(" "), colour)
  );
}
