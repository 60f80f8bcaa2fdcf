/** Charges, as more than one room shows them. Not in `@/ui`: only pages need it. */
export { StopButton, UnlockButton } from "./acts.tsx";
export { ChargeDuration, ChargeEnergy, ChargePower, ChargeSoc, ChargeState, stateOf } from "./cells.tsx";
export { type Figures, figuresOf, keyOf, rowKey, type Transaction, useFigures } from "./figures.ts";
export { ChargeNumbers, RunningCharge } from "./Running.tsx";
