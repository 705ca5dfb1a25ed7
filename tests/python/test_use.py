"""Errors are exceptions, what is over raises instead of crashing, and nothing leaks."""
import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

import lathe
from lathe import nn

F = lathe.functional


def pictures(count=64):
    return np.random.default_rng(1).integers(0, 256, (count, 28, 28), np.uint8), np.arange(count) % 10


def pages():
    """Resident memory in pages."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1])


class Errors(unittest.TestCase):
    def check(self, kind, text, run, *args, **options):
        with self.assertRaises(kind) as caught:
            run(*args, **options)
        self.assertIn(text, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))
        self.assertEqual(lathe.c.lathe_error(), 0)  # nothing is left for the next call

    def test_each_kind_of_failure_has_its_class(self):
        model = lathe.models.lenet5()
        self.check(lathe.ArgumentError, "betas[0] = 1.5 is not legal", lathe.optim.Adam, model.parameters(),
                   betas=(1.5, 0.9))
        self.check(ValueError, "lr", lathe.optim.Adam, model.parameters(), lr=float("nan"))
        self.check(lathe.UnknownName, "known: lr", lathe.optim.Adam, model.parameters(), learning_rate=1)
        self.check(lathe.ArgumentError, "base_lr = 2 is above max_lr = 1", lathe.sched.CyclicLR,
                   lathe.optim.SGD(model), base_lr=2, max_lr=1)
        self.check(lathe.ShapeError, "x has 3 channels", model, np.zeros((1, 3, 28, 28)))
        self.check(lathe.UnknownName, "did you mean mnist", lathe.open_data, "mnost")
        self.check(lathe.ArgumentError, "train | test | val", lathe.open_data, "shapes", "dev")
        self.check(lathe.FileError, "no/run", lathe.load, "no/run")
        self.check(OSError, "no/weights", model.load, "no/weights.safetensors")
        self.check(lathe.UnknownName, "no option 'strides'", nn.Conv2d, 1, 2, 3, strides=2)
        self.check(TypeError, "needs kernel", nn.Conv2d, 1, 2)
        self.check(lathe.ArgumentError, "groups do not divide", nn.Conv2d, 3, 2, 3, groups=2)
        self.check(AttributeError, "known: adadelta", getattr, lathe.optim, "Adam2")
        self.check(AttributeError, "no attribute", getattr, lathe, "reluu")
        self.check(lathe.ArgumentError, "row", F.stochastic_depth, np.ones((2, 2)), 0.1, mode="column")
        with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
            file.write(b"not weights")
            file.flush()
            self.check(lathe.FormatError, file.name, model.load, file.name)

    def test_numbers_of_wrong_length_are_refused(self):
        images, labels = pictures(8)
        self.check(lathe.ShapeError, "labels", lathe.Dataset, images, labels[:7])
        self.check(lathe.ShapeError, "whole numbers", lathe.Dataset, images, labels * 1.0)
        self.check(lathe.ArgumentError, "2 names for 10 classes", lathe.Dataset, images, labels, classes=10,
                   class_names=["a", "b"])
        self.check(ValueError, "", lathe.Dataset, images, labels, mean=[1, 2], std=[1, 2])
        data = lathe.Dataset(images, labels)
        self.check(ValueError, "", lathe.DataLoader, data, weights=np.ones(7))
        self.check(lathe.ArgumentError, "8 samples: index 8 is out of bounds", data.subset, [8])
        self.check(IndexError, "sample 8 of 8", data.__getitem__, 8)
        scores = np.zeros((4, 3))
        self.check(lathe.ShapeError, "need labels [4], not [3]", lathe.cross_entropy, scores, np.arange(3))
        self.check(lathe.ArgumentError, "label 3", lathe.cross_entropy, scores, np.arange(4))
        self.check(lathe.ShapeError, "2 weights", lathe.cross_entropy, scores, np.arange(4) % 3, weight=[1, 2])
        self.check(lathe.ShapeError, "groups [7]", data.split, 0.5, groups=np.arange(7))
        self.check(lathe.ArgumentError, "fits int", lathe.DataLoader, data, batch_size=2 ** 32 + 1)
        self.check(lathe.ArgumentError, "stride = 1.5", nn.Conv2d, 1, 2, 3, stride=1.5)
        for run, wrong in ((nn.Sequential, 5), (nn.Residual, 5), (nn.Concat, data), (lathe.sched.StepLR, data)):
            self.assertRaises(TypeError, run, wrong)
        self.assertRaises(TypeError, lathe.sched.StepLR, nn.Linear(2, 2), step_size=3)
        self.check(TypeError, "not a lathe_context", lathe.DataLoader, data, context=1234)
        self.check(TypeError, "for losses", F.binary_cross_entropy, scores, scores, pos_weights=[1])
        self.check(lathe.ShapeError, "dimensions", F.reshape, np.zeros((2, 6)), (2, 1, 1, 1, 2, 3))

    def test_a_failure_in_a_forward_of_ones_own_is_that_failure(self):
        class Net(nn.Module):
            def __init__(self):
                self.a = nn.Linear(2, 3)

            def forward(self, x):
                if self.what == "raise":
                    raise KeyError("mine")
                return {"none": lambda: None, "shape": lambda: self.a(self.a(x)), "": lambda: self.a(x)}[self.what]()

        net, x = Net(), np.ones((1, 2))
        net.what = "raise"
        self.assertRaises(KeyError, net, x)
        net.what = "none"
        self.check(TypeError, "forward returned NoneType", net, x)
        net.what = "shape"
        self.check(lathe.ShapeError, "layer a: lathe_linear: x has 3 features", net, x)
        net.what = ""
        self.assertEqual(net(x).shape, (1, 3))  # the next step is a new one

    def test_a_step_that_failed_tells_why_again(self):
        class Careless(nn.Module):
            def __init__(self):
                self.inner = nn.Linear(2, 2)

            def forward(self, x):
                try:
                    self.inner(np.zeros((1, 5)))
                except lathe.ShapeError:
                    pass
                return self.inner(x)

        self.check(lathe.ShapeError, "x has 5 features", Careless(), np.zeros((1, 2)))

    def test_labels_that_no_int_holds(self):
        images, labels = pictures(4)
        scores = lathe.tensor(np.zeros((2, 3)))
        self.check(lathe.ArgumentError, "4294967296", lathe.Dataset, images, labels + 2**32)
        self.check(lathe.ArgumentError, "4294967297", lathe.cross_entropy, scores, np.array([1, 2**32 + 1]))
        self.check(lathe.ArgumentError, "4294967295", lathe.cross_entropy, scores, np.array([1, 2**32 - 1], "u4"))

    def test_numbers_that_no_type_of_c_holds(self):
        schedule = lathe.sched.StepLR(lathe.optim.SGD(lathe.models.lenet5(), lr=1), step_size=2)
        loader = lathe.DataLoader(lathe.Dataset(*pictures()))
        for run in (lambda seed: lathe.models.lenet5(seed=seed), lathe.manual_seed, schedule.seek, schedule.rates,
                    schedule.by_epoch, loader.seek, lambda size: lathe.models.lenet5(size=size)):
            for wrong in (-1, 2**64, 1.5, "1"):
                with self.assertRaises((lathe.ArgumentError, lathe.ShapeError)):
                    run(wrong)
        self.check(lathe.ArgumentError, "zero byte", lathe.load, "runs/first\0more")

    def test_what_would_be_ignored_is_refused(self):
        two = [one for seed in (1, 2) for one in lathe.models.lenet5(seed=seed).parameters()]
        self.check(lathe.ArgumentError, "several nets", lathe.optim.SGD, two, lr=0.1)
        for base in (nn.Linear, lathe.models.lenet5):
            with self.assertRaisesRegex(TypeError, "forward of a layer"):
                type("Mine", (base,), {"forward": lambda self, x: x})
        self.assertEqual(type("Mine", (nn.Linear,), {})(2, 3)(np.zeros((1, 2))).shape, (1, 3))

    def test_a_library_that_is_not_lathe(self):
        run = subprocess.run([sys.executable, "-c", "import lathe"], stderr=subprocess.PIPE, check=False,
                             env={**os.environ, "LATHE_LIBRARY": "libc.so.6"})
        self.assertIn(b"ImportError: lathe: no liblathe.so.0 (", run.stderr)

    def test_layers_have_one_place(self):
        layer = nn.Linear(2, 2)
        first = nn.Sequential(layer)
        self.check(lathe.StateError, "part of another", nn.Sequential, layer)
        first(np.ones((1, 2)))
        self.check(lathe.StateError, "in use", setattr, first, "more", nn.ReLU())
        self.check(lathe.ArgumentError, "0.weight", lathe.optim.SGD,
                   list(nn.Sequential(nn.Linear(2, 2)).parameters())[1:])


class Lifetimes(unittest.TestCase):
    def test_a_tensor_of_an_earlier_step_raises(self):
        model, x = lathe.models.lenet5(), np.zeros((2, 1, 28, 28))
        old, loss = model(x), lathe.cross_entropy(model(x), [0, 1])
        new = model(x)
        for use in (old.numpy, old.item, loss.item, loss.backward, lambda: old + 1, lambda: F.relu(old),
                    lambda: lathe.cross_entropy(old, [0, 1]), lambda: old.shape, lambda: np.asarray(old)):
            with self.assertRaisesRegex(lathe.StateError, "earlier step"):
                use()
        self.assertEqual(new.shape, (2, 10))
        self.assertIn("earlier", repr(old))

    def test_within_a_step_all_results_stay(self):
        model = nn.Sequential(nn.Linear(2, 2)).init(1)
        with model.step():
            one, two = model([[1.0, 0.0]]), model([[0.0, 1.0]])
            (one + two).sum().backward()
        np.testing.assert_allclose(model.parameters()[0].grad, np.ones((2, 2)))

    def test_a_training_step_outlives_an_evaluation(self):
        model, x = nn.Sequential(nn.Linear(2, 2)).init(1), np.ones((1, 2))
        loss = lathe.cross_entropy(model(x), [1])
        value = loss.item()
        with lathe.no_grad():
            scores = model(x)
            old = scores
            scores = model(x * 2)
        self.assertEqual(loss.item(), value)
        loss.backward()
        self.assertEqual(scores.shape, (1, 2))
        self.assertRaises(lathe.StateError, old.numpy)

        def gradient_alone():
            x = lathe.tensor(np.ones((1, 2)), requires_grad=True)
            return x, lathe.cross_entropy(nn.Sequential(nn.Linear(2, 2)).init(1).eval()(x), [1])

        x, loss = gradient_alone()
        gc.collect()
        loss.backward()
        self.assertGreater(np.abs(x.grad).sum(), 0)

    def test_a_batch_that_is_over_raises(self):
        loader = lathe.DataLoader(lathe.Dataset(*pictures()), 16)
        model = lathe.models.lenet5()
        batches = iter(loader)
        x, y = next(batches)
        loss = lathe.cross_entropy(model(x), y)
        next(batches)
        for use in (loss.backward, x.numpy, lambda: model(x)):
            with self.assertRaisesRegex(lathe.StateError, "batch is over"):
                use()
        again = iter(loader)
        next(again)
        with self.assertRaisesRegex(lathe.StateError, "another `for`"):
            next(batches)

    def test_an_epoch_left_early_and_the_next(self):
        images, labels = pictures()
        loader = lathe.DataLoader(lathe.Dataset(images, labels), 16, shuffle=True, seed=3)
        whole = [[y for _, y in loader] for _ in range(2)]
        other = lathe.DataLoader(lathe.Dataset(images, labels), 16, shuffle=True, seed=3)
        for _ in other:
            break
        np.testing.assert_array_equal([y for _, y in other], whole[1])
        other.seek(0)
        np.testing.assert_array_equal([y for _, y in other], whole[0])

    def test_owners_may_go_first(self):
        def loss_alone():
            model = lathe.models.lenet5()
            x, y = next(iter(lathe.DataLoader(lathe.Dataset(*pictures()), 16)))
            return lathe.cross_entropy(model(x), y)

        loss = loss_alone()
        gc.collect()
        self.assertTrue(np.isfinite(loss.item()))
        loss.backward()
        weight = lathe.models.lenet5(seed=1).parameters()[0].data
        gc.collect()
        self.assertTrue(np.isfinite(weight).all() and weight.std() > 0)
        scheduler = lathe.sched.StepLR(lathe.optim.SGD(nn.Linear(2, 2), lr=1.0), step_size=1)
        gc.collect()
        scheduler.step()
        self.assertAlmostEqual(scheduler.get_last_lr()[0], 0.1)
        rest, _ = lathe.Dataset(*pictures()).split(0.5)
        gc.collect()
        self.assertEqual(rest[0][0].shape, (1, 28, 28))

    def test_two_nets_share_a_step(self):
        first, second = nn.Sequential(nn.Linear(2, 3)).init(1), nn.Sequential(nn.Linear(3, 1)).init(2)
        second(first(np.ones((4, 2)))).mean().backward()
        for model in (first, second):
            self.assertTrue(all(np.abs(one.grad).sum() > 0 for one in model.parameters()))

    def test_threads_have_steps_of_their_own(self):
        found = []

        def run(seed):
            model = lathe.models.lenet5(seed=seed)
            optimizer = lathe.optim.SGD(model, lr=0.1)
            for _ in range(5):
                optimizer.zero_grad()
                loss = lathe.cross_entropy(model(np.ones((4, 1, 28, 28))), np.arange(4))
                loss.backward()
                optimizer.step()
            found.append((seed, loss.item()))

        threads = [threading.Thread(target=run, args=(seed % 2,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(found), 4)
        self.assertEqual(len(set(found)), 2)

    def test_threads_that_share_a_model(self):
        model, steps, wrong = lathe.models.lenet5(seed=1), 0, []

        def run():
            nonlocal steps
            for _ in range(60):
                try:
                    scores = model(np.ones((4, 1, 28, 28)))
                    lathe.cross_entropy(scores, np.arange(4)).backward()
                    scores.numpy()
                except lathe.StateError:
                    pass  # another thread has begun a step
                except Exception as problem:  # noqa: BLE001
                    wrong.append(problem)
                steps += 1

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((steps, wrong), (240, []))

    def test_interrupts_in_a_loop(self):
        class Net(nn.Module):
            def __init__(self):
                self.inner, self.outer = nn.Conv2d(1, 4, 5), nn.Linear(576, 10)

            def forward(self, x):
                return self.outer(F.max_pool2d(F.relu(self.inner(x)), kernel=2).flatten())

        net, loader, count = Net(), lathe.DataLoader(lathe.Dataset(*pictures(400)), 8), 0
        optimizer, rng = lathe.optim.SGD(net, lr=0.01), np.random.default_rng(3)

        def step(x, y):
            optimizer.zero_grad()
            loss = lathe.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            return loss

        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        for delay in rng.uniform(1e-3, 6e-3, 150):
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                for _ in range(6):  # Python ignores an interrupt in a __del__
                    for x, y in loader:
                        step(x, y)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                count += 1
        signal.signal(signal.SIGALRM, before)
        self.assertGreater(count, 75)
        x, y = next(iter(loader))
        self.assertTrue(np.isfinite(step(x, y).item()))

    def test_what_owns_memory_has_no_copy(self):
        data, model = lathe.Dataset(*pictures()), lathe.models.lenet5(seed=1)
        optimizer = lathe.optim.SGD(model, lr=0.1)
        scheduler = lathe.sched.CosineAnnealingLR(optimizer, t_max=5)
        owners = [data, lathe.DataLoader(data), model, model.parameters(), optimizer, scheduler,
                  lathe.optim.AveragedModel(model), lathe.sched.cosine(t_max=5)]
        for one in owners:
            for run in (copy.deepcopy, pickle.dumps) if isinstance(one, lathe.Schedule) else \
                    (copy.copy, copy.deepcopy, pickle.dumps):
                with self.assertRaisesRegex(TypeError, "has no copy"):
                    run(one)
        scores = model(np.ones((2, 1, 28, 28)))
        for one in (scores, model.parameters()[0], lathe.tensor([1.0, 2.0])):
            for run in (copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):
                self.assertTrue((run(one).numpy() == one.numpy()).all())

    def test_layers_are_copied_before_their_use(self):
        block = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        net = nn.Sequential(block, copy.deepcopy(block)).init(seed=1)
        first, second = (one.numpy() for one in net.parameters() if one.name.endswith("weight"))
        self.assertTrue((first != second).any())
        self.assertIs(net[1][0]._parent(), net[1])

    def test_what_owns_memory_in_a_cycle(self):
        class All:
            pass

        for _ in range(10):
            one = All()
            one.data, one.model = lathe.Dataset(*pictures()), nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
            one.loader, one.optimizer = lathe.DataLoader(one.data, 32), lathe.optim.Adam(one.model)
            one.scheduler, one.average = lathe.sched.StepLR(one.optimizer, step_size=3), \
                lathe.optim.AveragedModel(one.model)
            one.x, y = next(iter(one.loader))
            one.loss = lathe.cross_entropy(one.model(one.x), y)
            one.loss.backward()
            for owner in (one.data, one.model, one.loader, one.optimizer, one.scheduler, one.average):
                owner.__dict__["back"] = one
            del one, owner
            gc.collect()

    def test_a_thousand_steps_need_no_more_memory(self):
        data = lathe.Dataset(*pictures(256))
        model = nn.Sequential(nn.Conv2d(1, 4, 5, stride=2), nn.ReLU(), nn.Dropout(0.1), nn.Flatten(),
                              nn.Linear(576, 10))
        optimizer = lathe.optim.AdamW(model.parameters(), lr=1e-3)
        scheduler = lathe.sched.CyclicLR(optimizer, base_lr=1e-4, max_lr=1e-3, step_size_up=100)
        loader = lathe.DataLoader(data, 16, shuffle=True, transforms="hflip")

        def epochs(count):
            for _ in range(count):
                for x, y in loader:
                    optimizer.zero_grad()
                    scores = model(x)
                    loss = lathe.cross_entropy(scores, y, label_smoothing=0.1)
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
                    (scores.argmax(1) == y).sum()

        epochs(10)
        before, objects = pages(), len(gc.get_objects())
        epochs(64)
        self.assertEqual(len(gc.get_objects()) // 200, objects // 200)
        self.assertLess(pages() - before, 250)  # a megabyte

    def test_objects_are_freed(self):
        def rounds(count):
            for _ in range(count):
                model = lathe.models.lenet5()
                model(np.zeros((4, 1, 28, 28))).numpy()
                optimizer = lathe.optim.Adam(model)
                lathe.sched.StepLR(optimizer, step_size=3)
                for _ in lathe.DataLoader(lathe.Dataset(*pictures()), 32):
                    pass
                model.eval()(np.zeros((1, 1, 28, 28)))
                lathe.sched.cosine(t_max=5)[3]

        rounds(30)
        gc.collect()
        before = pages()
        rounds(150)
        gc.collect()
        self.assertLess(pages() - before, 500)


class Use(unittest.TestCase):
    def test_groups_freezing_and_clipping(self):
        model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)).init(0)
        optimizer = lathe.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
        optimizer.add_param_group({"params": model[1].parameters(), "lr": 0.25})
        self.assertEqual([group["lr"] for group in optimizer.param_groups], [0.5, 0.25])
        self.assertEqual([group["momentum"] for group in optimizer.param_groups], [0.9, 0.9])
        optimizer.param_groups[0]["lr"] = 0.125
        self.assertEqual(optimizer.lr, 0.125)
        model[0].requires_grad_(False)
        before = model.state_dict()
        lathe.cross_entropy(model([[1.0, 2.0]]), [1]).backward()
        self.assertGreater(optimizer.clip_grad_norm_(1e-3), 1e-3)
        norm = np.sqrt(sum((one.grad ** 2).sum() for one in model.parameters() if one.grad is not None))
        self.assertAlmostEqual(norm, 1e-3, 6)
        optimizer.step()
        after = model.state_dict()
        changed = {key for key in after if not np.array_equal(before[key], after[key])}
        self.assertEqual(changed, {"1.weight", "1.bias"})
        lathe.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=1.0)

    def test_weights_are_saved_and_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "net.safetensors")
            model = lathe.models.resnet8(seed=1)
            model.save(path)
            other = lathe.models.resnet8(seed=2).load(path)
            for key, value in model.state_dict().items():
                np.testing.assert_array_equal(other.state_dict()[key], value)
            self.assertIn("1.running_mean", " ".join(model.state_dict()))

    def test_samples_are_chosen_as_numpy_does(self):
        images, labels = pictures(12)
        for data in (lathe.Dataset(images, labels), lathe.Dataset(images.astype(float), labels)):
            self.assertEqual(list(data.subset(labels == 1).labels), [1, 1])
            self.assertEqual(list(data.subset([-1, 3]).labels), [1, 3])
            self.assertEqual(list(data.subset(slice(2, 4)).labels), [2, 3])
            for wrong in ([1.5], labels[:5] == 1, [12], [-13]):
                with self.assertRaises(lathe.ArgumentError):
                    data.subset(wrong)
            with self.assertRaises(TypeError):
                data[1:3]

    def test_the_average_of_the_weights(self):
        model = nn.Sequential(nn.Linear(1, 1, bias=False)).init(0)
        average, weight = lathe.optim.AveragedModel(model), model.parameters()[0]
        for value in (1.0, 2.0, 6.0):
            weight.data[...] = value
            average.update()
        model.eval()
        with average:
            self.assertAlmostEqual(model([[1.0]]).item(), 3.0, 6)
        self.assertAlmostEqual(model([[1.0]]).item(), 6.0, 6)

    def test_a_picture_that_would_be_another_class(self):
        """The gradient with respect to the input, as for a saliency map."""
        model = nn.Sequential(nn.Linear(3, 2)).init(0).eval()
        x = lathe.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
        lathe.cross_entropy(model(x), [0]).backward()
        self.assertEqual(x.grad.shape, (1, 3))
        self.assertGreater(np.abs(x.grad).sum(), 0)

    def test_arrays_that_are_not_pictures(self):
        rng = np.random.default_rng(0)
        rows, targets = rng.standard_normal((100, 3)), rng.standard_normal((100, 1))
        loader = lathe.DataLoader(lathe.Dataset(rows, targets), 30, shuffle=True, seed=1)
        self.assertEqual([len(y) for _, y in loader], [30, 30, 30, 10])
        model = nn.Sequential(nn.Linear(3, 1))
        for x, y in loader:
            value = lathe.mse(model(x), y)
            np.testing.assert_allclose(value.item(), ((model(x).numpy() - y) ** 2).mean(), rtol=1e-4)
        first = [y for _, y in lathe.DataLoader(lathe.Dataset(rows, targets), 30, shuffle=True, seed=1)]
        np.testing.assert_array_equal(first[0], next(iter(lathe.DataLoader(lathe.Dataset(rows, targets), 30,
                                                                           shuffle=True, seed=1)))[1])

    def test_dropout_drops_in_training_alone(self):
        lathe.manual_seed(7)
        model, x = nn.Sequential(nn.Dropout(0.5)), np.ones((1, 1000))
        self.assertAlmostEqual((model(x).numpy() == 0).mean(), 0.5, 1)
        self.assertFalse(np.array_equal(model(x).numpy(), model(x).numpy()))
        with lathe.no_grad():
            np.testing.assert_array_equal(model(x).numpy(), x)
        model.eval()
        np.testing.assert_array_equal(model(x).numpy(), x)
        lathe.manual_seed(0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
