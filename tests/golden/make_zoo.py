"""Nets for photographs by torchvision in double: writes zoo/NET.txt beside this file.
    make_zoo.py [NET ...]      all nets without names

To add a row: name the net in NETS with a function that makes it for a number of classes (without dropout and
stochastic depth, which draw at random), run `make_zoo.py NET`, and add the row to tests/nn/models/test_zoo.c.
Weights and pictures are numbers of make_training.py's formula; the stream of a tensor follows from its name.

    counts      parameters and buffers with 1000 classes, FLOPs of the tested net
    input       batch, height, width, stream of the pictures
    rounding    how far float is from double: the largest difference of a gradient, relative to its norm, and of
                a score, relative to the scores' deviation. A relu passes a gradient or not, and where its input
                is near 0, float decides otherwise than double. Of some streams of pictures, the one that suffers
                least is taken.
    scores      of a training step, with its loss; `evaluated` in evaluation mode after it
    tensors     how many tensors follow, each under its name in the state_dict: its shape, and of a parameter
                the gradient's norm, the gradient's product with numbers of the next stream, and of the first
                weights the standard deviation and the mean magnitude
"""
import copy
import os
import sys

import torch
import torchvision.models as zoo
from torchvision.ops import StochasticDepth

from make_models import flops
from make_training import numbers
from zoo_definitions import NETS as DEFINED

# PyTorch's own multiplies its gradient by 1/6 in float, also in double.
torch.nn.functional.hardsigmoid = lambda x, inplace=False: (x + 3).clamp(0, 6) / 6

BATCH, CLASSES, STREAMS, ROUNDINGS = 4, 10, 64, 12


class CifarBlock(torch.nn.Module):
    """He's block with the shortcut "option A"."""

    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inside, out, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(out)
        self.conv2 = torch.nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(out)
        self.stride, self.more = stride, out - inside

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        x = x[:, :, ::self.stride, ::self.stride]
        return (y + torch.nn.functional.pad(x, (0, 0, 0, 0, self.more // 2, self.more // 2))).relu()


class CifarResNet(torch.nn.Module):
    def __init__(self, blocks, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(16)
        for stage, (inside, out) in enumerate([(16, 16), (16, 32), (32, 64)]):
            layer = [CifarBlock(out if i else inside, out, 2 if stage and not i else 1) for i in range(blocks)]
            setattr(self, 'layer%d' % (stage + 1), torch.nn.Sequential(*layer))
        self.linear = torch.nn.Linear(64, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.bn1(self.conv1(x)).relu())))
        return self.linear(x.mean((2, 3)))


class Same(torch.nn.Conv2d):
    """A convolution padded as TensorFlow does."""

    def forward(self, x):
        sides = []
        for size, kernel, stride in reversed(list(zip(x.shape[2:], self.kernel_size, self.stride))):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            sides += [total // 2, total - total // 2]
        return super().forward(torch.nn.functional.pad(x, sides))


class MobileNetV1(torch.nn.Module):
    """Howard et al. 2017 as Keras has it, with the first weights of Keras."""

    def __init__(self, classes, blocks=13):
        super().__init__()

        def layer(inside, out, kernel, stride=1, groups=1):
            conv = Same(inside, out, kernel, stride, groups=groups, bias=False)
            torch.nn.init.xavier_uniform_(conv.weight)
            part = torch.nn.Sequential()
            part.add_module('conv', conv)
            part.add_module('bn', torch.nn.BatchNorm2d(out, eps=1e-3, momentum=0.01))
            part.add_module('relu', torch.nn.ReLU6())
            return part

        self.features, inside = torch.nn.Sequential(layer(3, 32, 3, 2)), 32
        widths = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]
        for i, out in enumerate(widths[:blocks]):
            block = torch.nn.Sequential()
            block.add_module('depthwise', layer(inside, inside, 3, 2 if i in (1, 3, 5, 11) else 1, inside))
            block.add_module('pointwise', layer(inside, out, 1))
            self.features.append(block)
            inside = out
        self.classifier = torch.nn.Linear(inside, classes)
        torch.nn.init.xavier_uniform_(self.classifier.weight)
        torch.nn.init.zeros_(self.classifier.bias)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def vgg11_bn(classes, hidden=64):
    """With fewer hidden units than torchvision's 4096, or this test would take a gigabyte."""
    model = zoo.vgg11_bn(num_classes=classes)
    if hidden:
        for place, inside, out in [(0, 25088, hidden), (3, hidden, hidden), (6, hidden, classes)]:
            model.classifier[place] = torch.nn.Linear(inside, out)
            torch.nn.init.normal_(model.classifier[place].weight, 0, 0.01)
            torch.nn.init.zeros_(model.classifier[place].bias)
    model.classifier[2], model.classifier[5] = torch.nn.Identity(), torch.nn.Identity()
    return model


def still(model):
    """Without dropout and stochastic depth."""
    for layer in model.modules():
        if isinstance(layer, (StochasticDepth, torch.nn.Dropout)):
            layer.p = 0.0
    return model


# Height and width; others 45 x 56.
SIZES = {'resnet18': (65, 72), 'fbnetv3_a': (75, 96), 'efficientnet-tiny': (49, 56), 'fbnetv3-tiny': (49, 56)}
# The net as tested, and another one for the counts where its options change them.
NETS = {
    'resnet18': (lambda classes: zoo.resnet18(num_classes=classes),),
    'resnet20': (lambda classes: CifarResNet(3, classes),),
    'resnet34': (lambda classes: zoo.resnet34(num_classes=classes),),
    'resnet50': (lambda classes: zoo.resnet50(num_classes=classes),),
    'mobilenet_v1': (MobileNetV1,),
    'mobilenet_v1_12': (lambda classes: MobileNetV1(classes, 12),),
    'mobilenet_v2': (lambda classes: zoo.mobilenet_v2(num_classes=classes, dropout=0),),
    'squeezenet1_1': (lambda classes: zoo.squeezenet1_1(num_classes=classes, dropout=0),),
    'vgg11_bn': (vgg11_bn, lambda classes: vgg11_bn(classes, None)),
    'regnet_y_400mf': (lambda classes: zoo.regnet_y_400mf(num_classes=classes),),
    'mobilenet_v3_small': (lambda classes: zoo.mobilenet_v3_small(num_classes=classes, dropout=0),),
    'mobilenet_v3_large': (lambda classes: zoo.mobilenet_v3_large(num_classes=classes, dropout=0),),
    'efficientnet_b0': (lambda classes: still(zoo.efficientnet_b0(num_classes=classes)),),
    'convnext_tiny': (lambda classes: still(zoo.convnext_tiny(num_classes=classes)),),
}
for defined in ['tf_efficientnet_b0', 'fbnetv3_a0', 'fbnetv3_a', 'fbnetv3_d', 'mv_fbnetv3_g', 'efficientnet-tiny', 'fbnetv3-tiny']:
    NETS[defined] = (DEFINED[defined],)


def stream(name):
    """FNV-1a of the name, 32 bits."""
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 & 0xffffffff
    return value


def initialise(model):
    """Weights uniform on +-sqrt(3 / fan_in); biases on +-0.1; what is 1 at first, such as a norm's weight, 1 + that."""
    for name, parameter in model.named_parameters():
        values = torch.tensor(numbers(stream(name), parameter.numel())).view_as(parameter)
        base, scale = float(parameter.flatten()[0] == 1), 0.1
        if parameter.dim() > 1:
            scale = (3.0 / parameter[0].numel()) ** 0.5
        with torch.no_grad():
            parameter.copy_(base + scale * values)


def write(out, name, values, form='%.17g'):
    out.write(' '.join([name, str(len(values))] + [form % v for v in values]) + '\n')


def pictures(stream, height, width):
    return torch.tensor(numbers(stream, BATCH * 3 * height * width)).view(BATCH, 3, height, width)


def step(model, x):
    model.zero_grad()
    scores = model(x)
    loss = torch.nn.functional.cross_entropy(scores, torch.arange(BATCH))
    loss.backward()
    return scores.detach(), loss.item(), [p.grad.double().clone() for p in model.parameters()]


def rounding(model, x):
    """See above: for weights and pictures in float, changed by another rounding each time."""
    scores, _, gradients = step(copy.deepcopy(model), x)
    least, worst, of_scores = 1e-3 * max(g.norm().item() for g in gradients), 0, 0
    for _ in range(ROUNDINGS):
        single = copy.deepcopy(model).float()
        with torch.no_grad():
            for p in single.parameters():
                p.mul_(1 + 1e-7 * torch.randn(p.shape, dtype=torch.float32))
        other, _, others = step(single, (x * (1 + 1e-7 * torch.randn(x.shape))).float())
        of_scores = max(of_scores, ((other - scores).abs().max() / scores.std()).item())
        for g, h in zip(gradients, others):
            worst = max(worst, (g - h).norm().item() / (g.norm().item() + least))
    return worst, of_scores


def make(path, net, large, height, width):
    torch.manual_seed(0)
    model, large = net(CLASSES).train(), large(1000)
    first = {name: (p.std(unbiased=False).item(), p.abs().mean().item()) for name, p in model.named_parameters()}
    initialise(model)
    suffers, source = (9, 9), None
    for k in range(1000, 1000 + STREAMS):
        if suffers[0] > 2e-4:
            suffers, source = min((suffers, source), (rounding(model, pictures(k, height, width)), k))
    x = pictures(source, height, width)
    scores, loss, _ = step(model, x)
    with torch.no_grad():
        evaluated = model.eval()(x)
    state = {n: t for n, t in model.state_dict(keep_vars=True).items() if not n.endswith('num_batches_tracked')}
    with open(path, 'w') as out:
        write(out, 'counts', [sum(p.numel() for p in large.parameters()),
                              sum(b.numel() for n, b in large.named_buffers() if 'running' in n),
                              flops(model, torch.zeros(1, 3, height, width))])
        write(out, 'input', [BATCH, height, width, source])
        write(out, 'rounding', suffers, '%.3g')
        write(out, 'scores', scores.flatten().tolist())
        write(out, 'loss', [loss])
        write(out, 'evaluated', evaluated.flatten().tolist())
        write(out, 'tensors', [len(state)])
        for name, tensor in state.items():
            row = list(tensor.shape)
            if tensor.requires_grad:
                g = tensor.grad.flatten()
                product = g.dot(torch.tensor(numbers((stream(name) + 1) & 0xffffffff, g.numel()))).item()
                row += [g.norm().item(), product] + [float('%.4g' % v) for v in first[name]]
            write(out, name, row, '%.12g')
    print(os.path.basename(path), 'rounding %.2g, of scores %.2g' % suffers)


if __name__ == '__main__':
    torch.set_default_dtype(torch.float64)
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'zoo')
    for name in sys.argv[1:] or NETS:
        make(os.path.join(folder, name + '.txt'), NETS[name][0], NETS[name][-1], *SIZES.get(name, (45, 56)))
