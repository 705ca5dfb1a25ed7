#!/usr/bin/env python3
"""Golden values of the losses, from PyTorch in double precision: writes losses.txt beside this file. Needs torch 1.13, torchvision 0.14."""
import os
import torch
import torch.nn.functional as F
import torchvision.ops as ops
from torchvision.ops._utils import _loss_inter_union

torch.manual_seed(20241104)
torch.set_default_dtype(torch.float64)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.txt"), "w")
REDUCTIONS = ("mean", "sum", "none")


def put(name, values):
    flat = values.detach().double().flatten().tolist()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


def exact(x):
    """Numbers of few digits, which a float holds exactly, so that both builds start from the same ones."""
    return (x * 1024).round() / 1024


def inputs(*shape):
    return exact(torch.randn(*shape)).requires_grad_()


def case(name, y, leaves, constants=()):
    """Loss and gradients of the leaves x0, x1, ...; constants follow them."""
    gy = exact(torch.randn(y.shape))
    put(name + ".y", y)
    put(name + ".gy", gy)
    for i, (leaf, g) in enumerate(zip(leaves, torch.autograd.grad(y, leaves, gy, retain_graph=True))):
        put(f"{name}.x{i}", leaf)
        put(f"{name}.g{i}", g)
    for i, constant in enumerate(constants):
        put(f"{name}.x{len(leaves) + i}", constant)


def reduced(each, reduction, divisor=None):
    if reduction == "none":
        return each
    return each.sum() if reduction == "sum" else each.sum() / (divisor or each.numel())


def distances():
    a, b = inputs(17, 3, 2), inputs(17, 3, 2)
    apart = b.detach().clone().requires_grad_()  # at d = 0 PyTorch's smooth_l1 with beta 0 has the slope -1, its l1 0
    with torch.no_grad():
        b[0, 0, 0] = a[0, 0, 0]
    for how in REDUCTIONS:
        case(f"l1.{how}", F.l1_loss(a, b, reduction=how), [a, b])
        case(f"mse.{how}", F.mse_loss(a, b, reduction=how), [a, b])
        case(f"smooth_l1.{how}", F.smooth_l1_loss(a, b, reduction=how), [a, b])
        case(f"smooth_l1.beta.{how}", F.smooth_l1_loss(a, b, reduction=how, beta=0.25), [a, b])
        case(f"smooth_l1.zero.{how}", F.smooth_l1_loss(a, apart, reduction=how, beta=0.0), [a, apart])
        case(f"huber.{how}", F.huber_loss(a, b, reduction=how), [a, b])
        case(f"huber.delta.{how}", F.huber_loss(a, b, reduction=how, delta=0.5), [a, b])


def binary():
    x, t = inputs(17, 3, 2), exact(torch.rand(17, 3, 2))
    with torch.no_grad():
        x[0] = torch.tensor([[-30.0, 30.0], [-12.0, 12.0], [0.0, 20.0]])
        t[1:6] = (t[1:6] > 0.5).double()
    pos, weight = exact(torch.rand(3) * 4), exact(torch.rand(3))
    put("binary.pos_weight", pos)
    put("binary.weight", weight)
    for how in REDUCTIONS:
        bce = F.binary_cross_entropy_with_logits
        case(f"binary.{how}", bce(x, t, reduction=how), [x], [t])
        case(f"binary.pos.{how}", bce(x, t, pos_weight=torch.tensor(2.5), reduction=how), [x], [t])
        case(f"binary.all.{how}", bce(x, t, weight[:, None], pos_weight=pos[:, None], reduction=how), [x], [t])
        hard = (t > 0.5).double()
        for name, arguments in (("", {}), (".gamma", {"gamma": 0.5}), (".plain", {"alpha": -1.0, "gamma": 0.0}), (".alpha", {"alpha": 0.75, "gamma": 1.0})):
            case(f"sigmoid_focal{name}.{how}", ops.sigmoid_focal_loss(x, hard, reduction=how, **arguments), [x], [hard])
        case(f"sigmoid_focal.soft.{how}", ops.sigmoid_focal_loss(x, t, reduction=how), [x], [t])


def focal():
    x, labels, alpha = inputs(17, 5, 2), torch.randint(0, 5, (17, 2)), exact(torch.rand(5))
    labels[3] = labels[11, 1] = -100
    put("focal.labels", labels)
    put("focal.alpha", alpha)
    counted = (labels != -100).double()
    for how in REDUCTIONS:
        for name, gamma, weights in (("", 2, torch.ones(5)), (".gamma", 0.5, torch.ones(5)), (".alpha", 3, alpha), (".zero", 0, torch.ones(5))):
            entropy = F.cross_entropy(x, labels, reduction="none")
            each = weights[labels.clamp(0)] * (1 - torch.exp(-entropy)) ** gamma * entropy * counted
            case(f"focal{name}.{how}", reduced(each, how, counted.sum()), [x])


def divergence():
    x = inputs(17, 4, 2)
    logs, t = torch.log_softmax(x, 1), torch.softmax(exact(torch.randn(17, 4, 2)), 1)
    t = exact(t)
    with torch.no_grad():
        t[0, 0] = 0
    leaf = exact(logs).detach().requires_grad_()
    for how in REDUCTIONS + ("batchmean",):
        case(f"kl_div.{how}", F.kl_div(leaf, t, reduction=how), [leaf], [t])
        case(f"kl_div.log.{how}", F.kl_div(leaf, exact(logs.detach() - 0.5), reduction=how, log_target=True), [leaf], [exact(logs.detach() - 0.5)])


def pixels():
    """Cross-entropy of [B, C, H, W]."""
    x, labels, weights = inputs(17, 4, 3, 2), torch.randint(0, 4, (17, 3, 2)), exact(torch.rand(4))
    labels[2, 1] = labels[16, 0, 1] = 3
    soft = exact(torch.softmax(torch.randn(17, 4, 3, 2), 1))
    put("pixels.labels", labels)
    put("pixels.weights", weights)
    for how in REDUCTIONS:
        case(f"pixels.{how}", F.cross_entropy(x, labels, reduction=how), [x])
        case(f"pixels.all.{how}", F.cross_entropy(x, labels, weights, ignore_index=3, label_smoothing=0.1, reduction=how), [x])
        case(f"pixels.soft.{how}", F.cross_entropy(x, soft, weights, label_smoothing=0.2, reduction=how), [x], [soft])


def overlap(p, t, mask, smooth, jaccard):
    """segmentation_models_pytorch's soft_dice_score and soft_jaccard_score over batch and pixels; absent classes have loss 0."""
    p, t = p * mask, t * mask
    dims = (0,) + tuple(range(2, p.dim()))
    both, either = (p * t).sum(dims), (p + t).sum(dims)
    score = (both + smooth) / (either - both + smooth) if jaccard else (2 * both + smooth) / (either + smooth)
    return (1 - score) * (t.sum(dims) > 0)


def overlaps():
    x, labels = inputs(17, 4, 3, 2), torch.randint(0, 3, (17, 3, 2))
    labels[4, 1] = labels[16, 2, 0] = -100
    mask = (labels != -100).double()[:, None]
    hot = F.one_hot(labels.clamp(0), 4).permute(0, 3, 1, 2).double()
    put("overlap.labels", labels)
    p, t = exact(torch.rand(17, 2, 3)).requires_grad_(), exact(torch.rand(17, 2, 3))
    weights = exact(torch.rand(4))
    put("overlap.weights", weights)
    for how in REDUCTIONS:
        for kind, jaccard in (("dice", False), ("jaccard", True)):
            soft = torch.softmax(x, 1)
            case(f"{kind}.{how}", reduced(overlap(soft, hot, mask, 0, jaccard), how), [x])
            case(f"{kind}.smooth.{how}", reduced(overlap(soft, hot, mask, 1.5, jaccard), how), [x])
            case(f"{kind}.soft.{how}", reduced(overlap(p, t, torch.ones(1), 0.5, jaccard), how), [p], [t])
        if how != "none":
            iou = reduced(overlap(torch.softmax(x, 1), hot, mask, 0.25, True), how)
            entropy = F.cross_entropy(x, labels, weights, label_smoothing=0.1, reduction=how)
            case(f"cross_entropy_iou.{how}", entropy + 0.5 * iou, [x])


def boxes():
    corner, size = torch.rand(40, 2) * 3, torch.rand(40, 2) * 2 + 0.1
    target = exact(torch.cat([corner, corner + size], 1))
    x = target + torch.randn(40, 4) * 0.3
    x[:, 2:] = torch.maximum(x[:, 2:], x[:, :2] + 0.1)
    x[0] = target[0]  # the same box
    x[1] = target[1] + 10  # far apart
    x[2, :2], x[2, 2:] = target[2, :2] - 1, target[2, 2:] + 1  # around
    x[3] = torch.cat([target[3, :2], (target[3, :2] + target[3, 2:]) / 2])  # inside, a corner in common
    x[4, :2], x[4, 2:] = target[4, 2:], target[4, 2:] + 1  # touching at a corner
    x = exact(x)
    # [40, 4] as [20, 4, 2]: two boxes an image
    x = x.reshape(20, 2, 4).transpose(1, 2).contiguous().requires_grad_()
    target = target.reshape(20, 2, 4).transpose(1, 2).contiguous()
    a, b = x.transpose(1, 2), target.transpose(1, 2)

    both, either = _loss_inter_union(a, b)
    for how in REDUCTIONS:
        losses = {"giou": ops.generalized_box_iou_loss, "diou": ops.distance_box_iou_loss, "ciou": ops.complete_box_iou_loss}
        for name, loss in losses.items():
            case(f"{name}.{how}", reduced(loss(a, b), how), [x], [target])
        case(f"iou.{how}", reduced(1 - both / (either + 1e-7), how), [x], [target])
        case(f"giou.eps.{how}", reduced(losses["giou"](a, b, eps=0.125), how), [x], [target])


distances()
binary()
focal()
divergence()
pixels()
overlaps()
boxes()
