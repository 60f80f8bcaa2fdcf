export function Mark(props: { size?: number }) {
  const size = props.size ?? 28;
  return <img src="/static/mark.svg" width={size} height={size} alt="" />;
}
