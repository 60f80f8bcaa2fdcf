/** A QR code, drawn as one path: dark on light in both schemes, as readers expect, with the quiet zone around it. */
import encodeQR from "qr";
import { useMemo } from "react";

const QUIET = 4;

export function Qr(props: { text: string; label: string; size: number }) {
  const { cells, path } = useMemo(() => {
    const rows = encodeQR(props.text, "raw", { ecc: "medium", border: QUIET });
    const dark = rows.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : "")));
    return { cells: rows.length, path: dark.join("") };
  }, [props.text]);
  return (
    <svg role="img" aria-label={props.label} width={props.size} height={props.size} viewBox={`0 0 ${cells} ${cells}`} shapeRendering="crispEdges" style={{ borderRadius: 8, maxWidth: "100%" }}>
      <rect width={cells} height={cells} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
