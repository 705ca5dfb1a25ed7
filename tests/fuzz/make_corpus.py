#!/usr/bin/env python3
"""Write the small corpora that the fuzz targets begin with: tests/fuzz/corpus. Needs python3-pil."""
import gzip, io, json, os, random, struct
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))


def write(target, name, data):
    folder = os.path.join(HERE, 'corpus', target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(data.encode() if isinstance(data, str) else data)


def packed(data):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode='wb', mtime=0) as file:
        file.write(data)
    return out.getvalue()


def idx():
    labels = struct.pack('>II', 0x801, 3) + bytes([0, 1, 2])
    pictures = struct.pack('>IIII', 0x803, 3, 2, 2) + bytes(range(12))
    for name, a, b in [('plain', labels, pictures), ('gzip', packed(labels), packed(pictures)),
                       ('mixed', labels, packed(pictures)), ('counts-differ', labels, pictures[:7] + b'\2' + pictures[8:])]:
        write('idx', name, struct.pack('>H', len(a)) + a + b)


def cifar():
    pixels = bytes(i * 7 % 256 for i in range(3072))
    write('cifar', 'ten', b'\0' + b'\3' + pixels + b'\x09' + pixels[::-1])
    write('cifar', 'hundred', b'\1' + b'\3\x63' + pixels)
    write('cifar', 'ten-gzip', b'\0' + packed(b'\3' + pixels))
    write('cifar', 'bad-label', b'\0' + b'\x0a' + pixels)


def gz():
    text = b'a text that repeats, a text that repeats' * 20
    write('gzip', 'plain', text)
    write('gzip', 'packed', packed(text))
    write('gzip', 'two-members', packed(text) + packed(b'and more'))
    write('gzip', 'empty', packed(b''))
    write('gzip', 'wrong-crc', packed(text)[:-8] + b'0000' + packed(text)[-4:])


def pictures():
    random.seed(1)
    rgb = Image.frombytes('RGB', (16, 12), bytes(random.randrange(256) for _ in range(16 * 12 * 3)))
    exif = Image.Exif()
    exif[0x0112] = 6

    def save(name, image, **options):
        out = io.BytesIO()
        image.save(out, **options)
        write('picture', name, out.getvalue())
    save('rgb.jpg', rgb, format='JPEG', quality=60)
    save('progressive.jpg', rgb, format='JPEG', quality=50, progressive=True)
    save('turned.jpg', rgb, format='JPEG', quality=50, exif=exif)
    save('grey.jpg', rgb.convert('L'), format='JPEG', quality=50)
    save('cmyk.jpg', rgb.convert('CMYK'), format='JPEG', quality=50)
    save('rgb.png', rgb, format='PNG')
    save('alpha.png', rgb.convert('RGBA'), format='PNG')
    save('palette.png', rgb.quantize(8), format='PNG')
    save('one-bit.png', rgb.convert('1'), format='PNG')
    save('rgb.bmp', rgb, format='BMP')
    save('palette.bmp', rgb.quantize(8), format='BMP')
    save('rgb.ppm', rgb, format='PPM')
    write('picture', 'text.ppm', 'P3 2 1 255 1 2 3 4 5 6\n')


def settings():
    write('settings', 'usual', '# a run\n[data]\ndata = shapes\nval_split = 0.1\n[train]\nbatch_size = 64\nepochs = 2\n[sched]\nsched = cyclic\nbase_lr = 1e-4\nmax_lr = 3e-3\n')
    write('settings', 'quoted', '[data]\ndata = "folder:a b "\naugment = crop:4,hflip\n[optim]\noptim = adamw\nlr = 1e-3\nbetas = 0.9,0.999\n')
    write('settings', 'twice', '[train]\nepochs = 1\nepochs = 2\n')
    write('settings', 'sequence', '[sched]\nsched = warmup:200it,cyclic:4ep,cooldown:1ep\nmax_lr = 0.1\nbase_lr=0.01\nsave_every = 5min\n')


def schedules():
    for i, text in enumerate(['cyclic', 'cyclic:triangular2', 'cyclic:exp_range', 'warmup:20it,cyclic:1ep,cooldown:0.5ep', 'one_cycle', 'cosine',
                              'warm_restarts', 'step', 'multi_step', 'exponential', 'linear', 'polynomial', 'wsd', 'plateau', 'constant',
                              'warmup:5,constant:10,cosine:20']):
        write('schedule', 'text%02d' % i, text)


def tables():
    for name, text in [('classes', 'path,class\na.pgm,x\nb.pgm,y\nc.pgm,x\n'), ('many', 'file,tags\r\na.pgm,x|y\r\nb.pgm,\r\nc.pgm,z\r\n'),
                       ('flags', 'image,red,round\na.pgm,1,0\nb.pgm,0,0\n'), ('heads', 'path,colour,shape\na.pgm,red,round\nb.pgm,blue,square\n'),
                       ('split', 'path,split,group,class\na.pgm,train,1,x\nb.pgm,test,2,x\nc.pgm,val,1,y\n'),
                       ('quoted', '\ufeff"path","cl""ass"\n"a.pgm","a, b\nc"\n\nb.pgm,d\n'), ('outside', 'path,class\n../a.pgm,x\n/etc/passwd,y\n')]:
        write('csv', name, text)


def augments():
    for i, text in enumerate(['crop:4,hflip,jitter:0.2', 'random_resized_crop:8:scale=0.3..1', 'rotate:15:p=0.3,vflip', 'one_of(blur:3,gauss_noise:0.1,to_gray):0.5',
                              'sequence(hflip:1,rotate:10..20:1):0.2', 'resize:5,pad:1,center_crop:4', 'equalize,shear:10,erasing', 'rand_augment:2:9',
                              'shift_scale_rotate:border=wrap:interpolation=lanczos', 'smallest_max_size:6', 'longest_max_size:6', 'gaussian_blur:3']):
        write('augment', 'text%02d' % i, text)


def checkpoints():
    def file(header, body):
        text = json.dumps(header, separators=(',', ':')).encode()
        text += b' ' * (-len(text) % 8)
        return struct.pack('<Q', len(text)) + text + body
    one = {'a.weight': {'dtype': 'F32', 'shape': [2, 3], 'data_offsets': [0, 24]}}
    write('safetensors', 'one', file(one, bytes(24)))
    write('safetensors', 'metadata', file({'__metadata__': {'format': 'pt', 'note': 'a\nb'}, **one}, bytes(24)))
    write('safetensors', 'halves', file({'h': {'dtype': 'F16', 'shape': [2], 'data_offsets': [0, 4]},
                                         'b': {'dtype': 'BF16', 'shape': [2], 'data_offsets': [4, 8]},
                                         'd': {'dtype': 'F64', 'shape': [], 'data_offsets': [8, 16]},
                                         'e': {'dtype': 'I64', 'shape': [0, 4], 'data_offsets': [16, 16]}}, bytes(16)))
    write('safetensors', 'overlap', file({**one, 'b': {'dtype': 'F32', 'shape': [2], 'data_offsets': [20, 28]}}, bytes(28)))


def shards():
    for name, shard in (('one', 'a.safetensors'), ('outside', '../a.safetensors'), ('missing', 'b.safetensors')):
        index = {'metadata': {'total_size': 12}, 'weight_map': {'a.weight': shard, 'z': shard}}
        write('shards', name, json.dumps(index).encode())


def torch_files():
    try:
        import torch
    except ImportError:
        print('weights: left as they are: needs python3-torch')
        return
    a = torch.arange(6.).reshape(2, 3)
    state = {'module.a': a, 'module.t': a.t(), 'module.h': a.half()[0], 'module.n': torch.tensor(3)}
    for name, kept, new in [('zip', state, True), ('old', state, False), ('nested', {'epoch': 1, 'state_dict': state}, True),
                            ('parameter', torch.nn.Linear(2, 2).state_dict(), False)]:
        out = io.BytesIO()
        torch.save(kept, out, _use_new_zipfile_serialization=new)
        write('weights', name, out.getvalue())
    write('weights', 'call', b'\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.')


for make in (shards, torch_files, idx, cifar, gz, pictures, tables, settings, schedules, augments, checkpoints):
    make()
