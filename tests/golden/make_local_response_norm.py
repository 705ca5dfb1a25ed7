"""Golden values of local response normalisation from PyTorch 1.13: writes local_response_norm.txt beside this file."""
import os
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def across(x, size, alpha, beta, k):
    return F.local_response_norm(x, size, alpha, beta, k)


def within(x, size, alpha, beta, k):
    """Caffe's WITHIN_CHANNEL: the mean over a size x size window, zeros outside."""
    return x / (k + alpha * F.avg_pool2d(x * x, size, 1, size // 2)) ** beta


CASES = [('across3', across, (2, 5, 3, 4), 3, 0.5, 0.75, 1.0), ('across5', across, (17, 7, 2, 2), 5, 2.0, 0.6, 2.0),
         ('within3', within, (2, 3, 5, 4), 3, 0.5, 0.75, 1.0), ('within5', within, (1, 2, 7, 6), 5, 3.0, 1.0, 0.5)]

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'local_response_norm.txt'), 'w') as out:
    def write(name, tensor):
        numbers = tensor.detach().flatten().tolist()
        out.write(' '.join([name, str(len(numbers))] + ['%.17g' % v for v in numbers]) + '\n')

    for seed, (name, function, shape, *numbers) in enumerate(CASES):
        torch.manual_seed(seed)
        x = (2 * torch.randn(shape)).float().double().requires_grad_()
        gy = torch.randn(shape).float().double()
        y = function(x, *numbers)
        y.backward(gy)
        write(name + '.x', x), write(name + '.gy', gy), write(name + '.y', y), write(name + '.gx', x.grad)
