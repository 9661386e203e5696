"""Kill runs with SIGKILL at random moments, go on with them, and compare them bit for bit with runs that were never stopped.

    nice python .ci/kill.py --kills 25 --seed 1           # every configuration
    python .ci/kill.py --kills 3 --only mixup accumulate  # some of them
    python .ci/kill.py --minutes 3                        # a random few of all, until the time is over

One process imports everything and forks a child for each run, so that a run takes a second or two. A kill is aimed at a random event of the run
(a step begins, a checkpoint is begun or written, an evaluation begins or ends) and strikes a random while after it.
"""
import argparse, mmap, os, random, shutil, signal, socket, struct, sys, tempfile, time
from collections import Counter
from pathlib import Path

os.environ |= {'OMP_NUM_THREADS': '1', 'WANDB_MODE': 'disabled'}
import torch
from imgcls.resuming import Probe, compare_trees, note_parts, read_notes, run_parts
from imgcls.runs import latest_checkpoint
from imgcls.samples import demo_digits
from imgcls.training import Monitor, train, whole_checkpoint

SMALL = dict(save_wandb=False, accelerator='cpu', data_path='digits', model={'model_name': 'test_network'}, image_size=16, train_batch_size=32, epochs=2,
             ema_decay=0.9, log_step=3, val_check=0.5, save_every_steps=2, save_checkpoint_num=2, num_workers=0, augment={'preset': 'standard'})
OWN = {'model': {'model_name': 'OwnNet'}}
CONFIGURATIONS = {
    'no workers': {}, '2 workers': {'num_workers': 2}, '2 loading processes': {'num_workers': 2, 'worker_type': 'process'},
    'accumulation': {'accumulate_grad_batches': 3, 'epochs': 3},
    'mixup': OWN | {'augment': {'preset': 'standard', 'mixup': 0.4, 'cutmix': 1.0}, 'num_workers': 2},
    'bf16': {'precision': 'bf16-mixed', 'num_workers': 2}, 'deterministic': {'deterministic': True, 'num_workers': 2},
    'own network': OWN, 'average of every third step': {'ema_steps': 3}, 'no average': {'use_ema': False, 'save_metric': 'valid_top1'}, 'epoch ends': {'num_workers': 2},
    '2 processes': OWN | {'devices': 2, 'strategy': 'ddp', 'train_batch_size': 16, 'num_workers': 2},
}
NETWORK = '''
from torch import nn
class OwnNet(nn.Sequential):
    "A network with dropout and batch norm."
    def __init__(self, num_classes, in_channels=3):
        super().__init__(nn.Conv2d(in_channels, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.3), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, num_classes))
'''


class Progress:
    "What a child is doing, in memory that its parent reads: number of events, and the phase after the last one."
    def __init__(self): self.memory = mmap.mmap(-1, 16)

    def reset(self): self.memory[:5] = struct.pack('<IB', 0, 0)

    def event(self, phase: str):
        count = self.read()[0] + 1
        self.memory[:5] = struct.pack('<IB', count, ord(phase))
        return count

    def read(self) -> tuple[int, str]:
        count, phase = struct.unpack('<IB', self.memory[:5])
        return count, chr(phase)


PHASES = {'s': 'step', 'w': 'writing', 'e': 'evaluating', 'd': 'ending'}


def watch(progress: Progress, events: list):
    "Have the child tell its parent what it does, by wrapping the places where that changes."
    phases = ['s']

    def tell(phase):
        events.append((phase, time.monotonic()))
        progress.event(phase)

    def wrapped(function, phase):
        def call(*args, **keywords):
            phases.append(phase)
            tell(phase)
            try: return function(*args, **keywords)
            finally:
                phases.pop()
                tell(phases[-1])
        return call

    for name, phase in (('save', 'w'), ('evaluate', 'e'), ('evaluate_pending', 'e'), ('catch_up', 'w')): setattr(Monitor, name, wrapped(getattr(Monitor, name), phase))
    note = Probe.on_train_batch_start
    def begin(*args, **keywords):
        tell('s')
        return note(*args, **keywords)
    Probe.on_train_batch_start = begin
    return tell


def child(options: dict, notes: Path, progress: Progress, rank: int):
    "One process of a run, from fork to exit."
    code, events, quiet = 1, [], Progress()
    try:
        log = os.open(f'{notes}-{rank}.txt', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1); os.dup2(log, 2)
        torch.set_num_threads(1)
        tell = watch(progress if rank == 0 else quiet, events)
        train({}, callbacks=[Probe(notes, 10**9)], **options)
        if rank == 0: tell('d')
        if rank == 0: Path(f'{notes}-events.txt').write_text('\n'.join(f'{phase} {when}' for phase, when in events))
        sys.stdout.flush()
        code = 0
    except BaseException:
        import traceback
        traceback.print_exc()
        sys.stderr.flush()
    finally: os._exit(code)


def start(options: dict, notes: Path, progress: Progress) -> int: # process group
    "Fork the processes of a run."
    progress.reset()
    world, port = options.get('devices', 1), free_port()
    leader = os.fork()
    if leader: return leader
    os.setsid()
    rank, second = 0, None
    if world == 2:
        second = os.fork()
        rank = 0 if second else 1
        os.environ |= {'RANK': str(rank), 'LOCAL_RANK': str(rank), 'WORLD_SIZE': '2', 'LOCAL_WORLD_SIZE': '2', 'GROUP_RANK': '0', 'TORCHELASTIC_RUN_ID': 'kill',
                       'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)} # what torchrun sets
    child(options, notes, progress, rank)


def free_port() -> int:
    "A port nobody uses."
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def finish(group: int) -> int: # exit code
    "Wait for a run; nothing of it is left afterwards."
    _, status = os.waitpid(group, 0)
    for _ in range(200):
        try: os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError): break
        while reap(): pass
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(status)


def reap() -> bool:
    "Take leave of an orphan, if there is one."
    try: return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError: return False


def strike(group: int, progress: Progress, target: int, delay: float) -> str | None: # the phase it was in; None when it had ended
    "Wait for an event and kill the run a while after it."
    while progress.read()[0] < target:
        if os.waitid(os.P_PID, group, os.WEXITED | os.WNOHANG | os.WNOWAIT): return None
        time.sleep(0.0002)
    time.sleep(delay)
    if os.waitid(os.P_PID, group, os.WEXITED | os.WNOHANG | os.WNOWAIT): return None
    os.killpg(group, signal.SIGKILL)
    return progress.read()[1]


class Failed(Exception): pass


class Configuration:
    "One set of options, its run that was never stopped, and what came of killing it."
    def __init__(self, name: str, home: Path):
        self.name, self.home, self.progress, self.count, self.phases = name, home/name.replace(' ', '_'), Progress(), 0, Counter()
        self.differ, self.twice, self.anew = [], 0, 0
        self.options = SMALL | CONFIGURATIONS[name]
        self.home.mkdir()
        notes = self.home/'whole'
        if finish(start(self.options | {'output_dir': str(self.home/'whole_runs')}, notes, self.progress)): raise Failed(output(notes))
        self.whole = self.parts('whole_runs', [(notes, (0, 0))])
        self.events = [(line[0], float(line[2:])) for line in Path(f'{notes}-events.txt').read_text().splitlines()]

    def parts(self, runs: str, attempts: list) -> dict:
        "What is compared, of the only run in a folder."
        [folder] = (self.home/runs).glob('*/*/')
        files = sorted(p.name for p in (folder/'checkpoints').iterdir())
        return run_parts(folder) | note_parts(read_notes(attempts)) | {'files': files}

    def targets(self) -> list[int]: # numbers of events
        "Where a kill may be aimed: after the first checkpoint was written; for 'epoch ends' only around those."
        first = next(n for n, (phase, _) in enumerate(self.events) if phase == 'w') + 1
        every = list(range(first + 1, len(self.events) + 1))
        if self.name != 'epoch ends': return every
        return [n for n in every if self.events[n - 1][0] == 'e' or n > 1 and self.events[n - 2][0] == 'e' or n > 2 and self.events[n - 3][0] == 'e']

    def trial(self, draw: random.Random):
        "A run that is killed once or twice and compared with the one that was not; a moment that comes too late is drawn again."
        attempts, killed, wanted = [], [], 1 + (draw.random() < 0.3)
        for _ in range(wanted + 1):
            resume, begin = self.position('killed_runs')
            if attempts and resume is None: shutil.rmtree(self.home/'killed_runs', ignore_errors=True); attempts = []; self.anew += 1
            notes = self.home/f'killed_{self.count}_{len(attempts)}_{time.monotonic_ns()}'
            attempts.append((notes, begin))
            group = start(self.options | {'output_dir': str(self.home/'killed_runs'), 'resume': resume}, notes, self.progress)
            if len(killed) < wanted:
                target = draw.choice(self.targets()) if not killed else draw.randrange(1, max(2, len(self.events) - len(self.events) * begin[0] // self.options['epochs']))
                gap = self.events[target][1] - self.events[target - 1][1] if target < len(self.events) else 0.005
                phase = strike(group, self.progress, target, draw.random() * gap)
            else: phase = None
            code = finish(group)
            if phase is None and code: raise Failed(f'{self.name}, resumed from {begin}: exit code {code}\n{output(notes)}')
            if phase is None: break
            killed.append((phase, target))
        self.take(attempts, killed)

    def position(self, runs: str) -> tuple[str | None, tuple[int, int]]: # run folder, and where it goes on
        "What there is to resume."
        for folder in (self.home/runs).glob('*/*/'):
            if latest_checkpoint(folder):
                place = whole_checkpoint(latest_checkpoint(folder))[1]['imgcls']['position']
                return str(folder), (place['epoch'], place['batch'])
        return None, (0, 0)

    def take(self, attempts: list, killed: list):
        "Compare, count and clear away."
        if killed:
            self.count += len(killed)
            self.twice += len(killed) > 1
            self.phases.update(PHASES[phase] for phase, _ in killed)
            resumed = self.parts('killed_runs', attempts)
            differ = [found for what in self.whole if (found := compare_trees(what, self.whole[what], resumed[what])).differ]
            if differ:
                self.differ.append(killed)
                print(f'{self.name}: killed at {killed}, went on from {[begin for _, begin in attempts[1:]]}', *differ, sep='\n  ', flush=True)
                if os.environ.get('KEEP'): shutil.copytree(self.home, Path(os.environ['KEEP'])/f'{self.name}_{self.count}', dirs_exist_ok=True)
        shutil.rmtree(self.home/'killed_runs', ignore_errors=True)
        for file in self.home.glob('killed_*'): file.unlink()

    def row(self) -> str:
        "A line of the table."
        struck = ''.join(f'{self.phases[phase]:11}' for phase in PHASES.values())
        return f"{self.name:20}{self.count:6}{struck}{self.twice:8}   {'all equal' if not self.differ else f'{len(self.differ)} DIFFER'}"


def output(notes: Path) -> str:
    "The last that the processes of a run said."
    return '\n'.join(line for file in sorted(notes.parent.glob(f'{notes.name}-?.txt')) for line in file.read_text(errors='replace').splitlines()[-25:])


def prepare():
    "A network of one's own, and a part of the digits, in the working folder."
    Path('models').mkdir()
    Path('models/own_net.py').write_text(NETWORK)
    for images in Path(demo_digits()).iterdir():
        few = Path('digits')/images.name
        few.mkdir(parents=True)
        for file in sorted(images.iterdir())[:40]: shutil.copy(file, few)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=25, help='of each configuration')
    parser.add_argument('--only', nargs='+', choices=CONFIGURATIONS, default=list(CONFIGURATIONS), help='configurations')
    parser.add_argument('--seed', type=int, default=int(time.time()), help='of the moments; left out: the time')
    parser.add_argument('--minutes', type=float, help='stop after so many, whatever is left to do')
    said = parser.parse_args()
    draw, begin = random.Random(said.seed), time.monotonic()
    late = lambda: said.minutes and time.monotonic() - begin > 60 * said.minutes
    print(f'seed {said.seed}', flush=True)
    names, done = draw.sample(said.only, len(said.only)) if said.minutes else said.only, []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        prepare()
        print(f"{'configuration':20}{'kills':>6}{''.join(f'{phase:>11}' for phase in PHASES.values())}{'twice':>8}   against the run that was never stopped", flush=True)
        for name in names:
            if late(): break
            done.append(Configuration(name, Path(folder)))
            share = begin + 60 * said.minutes * len(done) / len(names) if said.minutes else float('inf')
            while done[-1].count < said.kills and (not done[-1].count or time.monotonic() < share): done[-1].trial(draw)
            print(done[-1].row(), flush=True)
        os.chdir('/')
    print(f'{sum(c.count for c in done)} kills, {sum(len(c.differ) for c in done)} runs that differ, {time.monotonic() - begin:.0f} s')
    return int(any(c.differ for c in done))


if __name__ == '__main__': sys.exit(main())
