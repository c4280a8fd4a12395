"""The network of weights.py as a PyTorch user would write it: `nn.LSTM`, batch-major, autograd, AdamW, whole tensors.

Run by training.py in an interpreter that has torch (and numpy), which Ritornello itself has not:

    PYTHON torch_rival.py ARRAYS.npz THREADS

ARRAYS holds a batch, the weights and the sizes. Prints the loss before the first step, then, for each line read from
standard input, takes so many optimizer steps and prints the seconds that they took, those of processors, and the loss before the last of them.
"""

import json
import sys
import time
from typing import Any

import numpy as np

CLIP_NORM, BETAS, TINY_STEP = 1.0, (0.9, 0.999), 1e-7
SHUT = -1e9


def network(weights: dict[str, Any], sizes: dict[str, Any]) -> Any:
    """The module, with these weights."""
    import torch
    from torch import nn
    from torch.nn import functional

    fields, exact, moving = sizes["fields"], sizes["exact"], sizes["moving"]
    units, layers, dropout = sizes["units"], sizes["layers"], sizes["dropout"]
    far, width = sizes["farthest_interval"], sizes["copy_width"]

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.ParameterDict(
                {name.replace("/", "__"): torch.tensor(value) for name, value in weights.items() if "lstm" not in name}
            )
            self.layers = nn.ModuleList()
            for layer in range(layers):
                kernel = weights[f"lstm{layer}/kernel"]
                lstm = nn.LSTM(len(kernel), units, batch_first=True)
                with torch.no_grad():
                    lstm.weight_ih_l0.copy_(torch.tensor(kernel.T.copy()))
                    lstm.weight_hh_l0.copy_(torch.tensor(weights[f"lstm{layer}/recurrent"].T.copy()))
                    lstm.bias_ih_l0.copy_(torch.tensor(weights[f"lstm{layer}/bias"]))
                    lstm.bias_hh_l0.zero_()
                lstm.bias_hh_l0.requires_grad_(requires_grad=False)  # one bias, as in Keras
                self.layers.append(lstm)

        def of(self, name: str) -> Any:
            return self.table[name.replace("/", "__")]

        def dropped(self, values: Any, rate: float) -> Any:
            return functional.dropout(values, rate, self.training)

        def place(self, places: Any) -> Any:
            return sum(
                functional.embedding(places[row], self.of(f"place/{part}"))
                for row, part in enumerate(("beat", "within", "metre"))
            )

        def by_pitch(self, offered: Any, last: Any, values: Any) -> Any:
            place = values - last[..., None] + far
            is_offered = (place >= 0) & (place <= 2 * far) & (last[..., None] >= 0)
            return offered.gather(-1, place.clamp(0, 2 * far)) * is_offered

        def forward(self, batch: dict[str, Any]) -> Any:
            """(fields,): losses summed over the targets."""
            symbols, places, matches = batch["symbols"], batch["places"], batch["matches"]
            pitches, values, distances = places[3], batch["values"], batch["distances"]
            steps = symbols.shape[2] - 1
            embedded = [functional.embedding(symbols[row], self.of(f"embedding/{f}")) for row, f in enumerate(fields)]
            place = self.place(places)
            last = pitches[:, :-1]
            before = functional.pad(last[:, :-1], (1, 0), value=-1)
            rows = torch.where((last < 0) | (before < 0), 2 * far + 1, (last - before).clamp(-far, far) + far)
            inputs = [values[:, :-1] for values in embedded] + [place[:, :-1]]
            inputs.append(functional.embedding(rows, self.of("interval")))
            state = self.dropped(torch.cat(inputs, -1), dropout)
            for number, layer in enumerate(self.layers):
                state = layer(state)[0]
                if number < layers - 1:
                    state = self.dropped(state, dropout)
            chosen = [self.dropped(state, dropout)]

            ahead = torch.arange(steps)
            is_earlier = ahead[:, None] > ahead[None]
            intervals = pitches[:, 1:] - last
            can_move = (last >= 0) & (intervals.abs() <= far)
            may_move = is_earlier & can_move[:, None] & (last >= 0)[..., None]
            may_copy = is_earlier.expand_as(may_move)
            levels = torch.tensor([0, 1, 2, 4])
            lengths = matches.permute(1, 2, 3, 0)[..., None]  # (windows, t, s, kinds, 1)
            told = torch.cat([(lengths > levels).float(), lengths.float() / 8], -1).flatten(3)
            lags = torch.arange(1, 6)
            alike = batch["alike"].long()[..., None]
            alike = torch.cat([alike >= 8, (alike & 7) == lags], -1).float()
            same = [(chosen_[:, :, None] == chosen_[:, None]).float() for chosen_ in symbols[:-1, :, 1:]]
            longest = matches.amax(3).float().permute(1, 2, 0)
            known = torch.log1p(ahead.float()) / 5
            hints = torch.cat([longest / 8, (longest > 0).float(), known[None, :, None].expand(len(last), -1, 1)], -1)
            moves = functional.embedding((intervals.clamp(-far, far) + far), self.of("interval"))
            losses = []
            for row, field in enumerate(fields):
                heads = exact[field] + moving[field]
                read = torch.cat([*chosen, place[:, 1:]] if field != "delta" else chosen, -1)

                def cut(values: Any, role: str, field: str = field, heads: int = heads) -> Any:
                    return (values @ self.of(f"copy/{field}/{role}")).unflatten(-1, (heads, width)).transpose(1, 2)

                scores = cut(read, "query") @ cut(state, "key").transpose(2, 3) * width**-0.5
                scores = scores + self.of(f"copy/{field}/distance")[:, distances]
                here = alike[:, :-1, :-1] if field == "delta" else alike[:, 1:, 1:]
                features = torch.cat([told, here, *(one[..., None] for one in same[:row])], -1)
                scores = scores + (features @ self.of(f"copy/{field}/likeness")).permute(0, 3, 1, 2)
                may = torch.stack([may_copy] * exact[field] + [may_move] * moving[field], 1)
                weights = scores.masked_fill(~may, SHUT).softmax(-1) * may
                targets = symbols[row, :, 1:]
                own, moved = weights.split([exact[field], moving[field]], 1)
                offer = embedded[row][:, 1:]
                found = [own[:, head] @ offer for head in range(exact[field])]
                found += [moved[:, head] @ moves for head in range(moving[field])]
                found = torch.cat(found, -1)

                gate_read = torch.cat([read, found, hints], -1)
                hidden = functional.relu(
                    gate_read @ self.of(f"gate/{field}/hidden") + self.of(f"gate/{field}/hidden_bias")
                )
                openness = hidden @ self.of(f"gate/{field}/output") + self.of(f"gate/{field}/output_bias")
                can_open = may.any(-1).transpose(1, 2)
                openness = torch.cat([openness[..., :1], openness[..., 1:].masked_fill(~can_open, SHUT)], -1)
                gates = openness.softmax(-1)

                head_read = torch.cat([read, self.dropped(found, dropout / 2)], -1)
                hidden = functional.relu(
                    head_read @ self.of(f"head/{field}/hidden") + self.of(f"head/{field}/hidden_bias")
                )
                logits = hidden @ self.of(f"head/{field}/output") + self.of(f"head/{field}/output_bias")
                if field == "pitch":
                    relative = hidden @ self.of("head/pitch/relative") + self.of("head/pitch/relative_bias")
                    logits = logits + self.by_pitch(relative, last, values)
                shares = gates[..., 1:].transpose(1, 2)[..., None] * weights
                own, moved = shares.split([exact[field], moving[field]], 1)
                odds = gates[..., :1] * logits.softmax(-1)
                size = logits.shape[-1]
                odds = odds + own.sum(1) @ functional.one_hot(targets, size).float()
                if moving[field]:
                    offered = functional.one_hot(intervals.clamp(-far, far) + far, 2 * far + 1).float()
                    odds = odds + self.by_pitch(moved.sum(1) @ offered, last, values)
                loss = functional.cross_entropy(
                    torch.log(odds + 1e-9).flatten(0, 1), targets.flatten(), reduction="none"
                )
                losses.append((loss * batch["targets"].flatten()).sum())
                chosen.append(embedded[row][:, 1:])
            return torch.stack(losses)

    return Network()


def main(path: str, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    stored = np.load(path)
    sizes = json.loads(stored["sizes"].tobytes())
    weights = {name[2:]: stored[name] for name in stored.files if name.startswith("w:")}
    batch = {name[2:]: torch.tensor(stored[name]) for name in stored.files if name.startswith("b:")}
    batch = {name: value.long() if value.dtype == torch.int32 else value for name, value in batch.items()}
    model = network(weights, sizes)
    trained = [value for value in model.parameters() if value.requires_grad]
    matrices = [value for value in trained if value.dim() > 1]
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": sizes["weight_decay"]},
            {"params": [value for value in trained if value.dim() <= 1], "weight_decay": 0.0},
        ],
        lr=sizes["learning_rate"],
        betas=BETAS,
        eps=TINY_STEP,
    )
    means = [value.detach().clone() for value in trained]
    with torch.no_grad():
        model.eval()
        first = model(batch) / batch["targets"].sum()
        model.train()
    print(json.dumps({"loss": first.tolist()}), flush=True)
    for line in sys.stdin:
        started, cpu_started = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            loss = model(batch).sum() / batch["targets"].sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, CLIP_NORM)
            optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(means, trained, 1 - sizes["averaging"])
        print(
            json.dumps(
                {
                    "seconds": time.perf_counter() - started,
                    "cpu": time.process_time() - cpu_started,
                    "loss": float(loss.detach()),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
