"""The panels in a real JupyterLab, driven by a real browser. Training: a wrong value, start, reload of the page, stop, resume, to the end; two runs compared. Review: a cell of the
confusion matrix, an image dropped, and taken back.

    python .ci/browser.py [--screenshots FOLDER]
    python .ci/browser.py --portrait nbs/images/panel.png       # only the picture of the README

Needs jupyterlab, playwright (pip) and Chromium (apt); says in a line what is missing and ends well then, since not every machine has a browser."""
import argparse, json, os, re, shutil, socket, subprocess, sys, tempfile, time, urllib.request
from pathlib import Path

PANEL = ["import imgcls\nimgcls.__version__",
         "panel = imgcls.Panel({'save_wandb': False, 'output_dir': 'runs', 'epochs': 300, 'exp_name': 'browser', 'log_step': 5})\npanel"]
REVIEW = ["import imgcls\nrun = imgcls.train({}, save_wandb=False, output_dir='runs', epochs=1, exp_name='reviewed')",
          "panel = imgcls.ReviewPanel(imgcls.review(run.path), 'patch.csv', page_size=8)\npanel"]
PORTRAIT = ["import imgcls\npanel = imgcls.Panel({'save_wandb': False, 'output_dir': 'runs', 'epochs': 12, 'log_step': 5, 'num_workers': 0})\npanel"]


def notebook(cells: list[str]) -> dict:
    cells = [{'cell_type': 'code', 'id': f'cell-{n}', 'metadata': {}, 'execution_count': None, 'outputs': [], 'source': text} for n, text in enumerate(cells)]
    return {'nbformat': 4, 'nbformat_minor': 5, 'metadata': {'kernelspec': {'display_name': 'python3', 'language': 'python', 'name': 'python3'}}, 'cells': cells}


def free_port() -> int:
    with socket.socket() as held:
        held.bind(('127.0.0.1', 0))
        return held.getsockname()[1]


def serve(home: Path) -> tuple[subprocess.Popen, str]: # the server, its address
    port = free_port()
    settings = home/'settings'
    environment = os.environ | {'JUPYTER_CONFIG_DIR': str(settings), 'JUPYTER_DATA_DIR': str(home/'data'), 'JUPYTER_RUNTIME_DIR': str(home/'runtime'), 'JUPYTERLAB_SETTINGS_DIR': str(settings/'lab')}
    words = ['-m', 'jupyterlab', '--no-browser', '--ip=127.0.0.1', f'--port={port}', '--allow-root', '--IdentityProvider.token=', '--ServerApp.password=', '--ServerApp.disable_check_xsrf=True',
             '--LabApp.news_url=None', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate', f'--ServerApp.root_dir={home/"work"}']
    server = subprocess.Popen([sys.executable, *words], env=environment, stdout=open(home/'server.txt', 'w'), stderr=subprocess.STDOUT)
    for _ in range(240):
        try: urllib.request.urlopen(f'http://127.0.0.1:{port}/api', timeout=1); return server, f'http://127.0.0.1:{port}'
        except OSError: time.sleep(0.5)
    server.terminate()
    sys.exit('JupyterLab does not answer:\n' + (home/'server.txt').read_text()[-3000:])


class Lab:
    "A notebook open in a browser."
    def __init__(self, page, pictures: Path | None): self.page, self.pictures, self.count = page, pictures, 0

    def open(self, address, cells: int):
        "Open a notebook and run its cells."
        self.page.goto(address, wait_until='domcontentloaded')
        self.page.wait_for_selector('.jp-NotebookPanel .jp-Cell', timeout=120_000)
        self.page.wait_for_timeout(2000)
        self.page.locator('.jp-Cell').first.click()
        for _ in range(cells): self.page.keyboard.press('Shift+Enter')

    def picture(self, name):
        self.count += 1
        if self.pictures: self.page.screenshot(path=self.pictures/f'{self.count}_{name}.png')

    def button(self, words): return self.page.locator('.jp-OutputArea button', has_text=re.compile(f'^\\s*{words}\\s*$')).last

    def field(self, name): return self.page.locator('.widget-text', has=self.page.locator('label', has_text=re.compile(f'^(. )?{name}$'))).locator('input').last

    def status(self) -> str: return (self.page.locator('.imgcls-live > div').first.text_content(timeout=120_000) or '')

    def step(self) -> int: return int(found[1]) if (found := re.search(r'step (\d+)', self.status())) else 0

    def sees(self, text, seconds=60): self.page.locator('.jp-OutputArea', has_text=text).first.wait_for(timeout=1000 * seconds)

    def until(self, condition, what, seconds=90):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition(): return
            self.page.wait_for_timeout(100)
        self.picture('failed')
        sys.exit(f'not within {seconds} s: {what}')


def drive(lab: Lab, address: str, work: Path):
    lab.open(f'{address}/lab/tree/panel.ipynb', len(PANEL))
    lab.button('Start').wait_for(timeout=120_000)
    lab.picture('panel')

    lab.field('epochs').fill('0')
    lab.sees("'epochs' should be at least 1, not 0")
    lab.picture('wrong_value')
    lab.field('epochs').fill('200')
    lab.until(lambda: not lab.page.get_by_text("'epochs' should be at least 1").count(), 'the message goes away')
    print('a wrong value: said at once, and gone when it is right')

    lab.button('Start').click()
    lab.until(lambda: lab.page.locator('.imgcls-live svg').count() >= 3 and lab.step() > 5, 'curves', 180)
    first = lab.step()
    lab.until(lambda: lab.step() > first, 'the curve moves')
    lab.picture('training')
    print('training: the curves move')

    lab.page.keyboard.press('Control+s')
    lab.page.wait_for_timeout(1500)
    lab.page.reload(wait_until='domcontentloaded')
    lab.page.wait_for_selector('.jp-NotebookPanel .jp-Cell', timeout=120_000)
    lab.button('Stop').wait_for(timeout=120_000)
    lab.page.get_by_role('tab', name='Training').last.click()
    before = lab.step()
    lab.until(lambda: lab.step() > before, 'the run is found again after a reload')
    lab.picture('after_reload')
    print('the page was loaded again: the same run, still going on')

    lab.button('Stop').click()
    begin = time.monotonic()
    lab.until(lambda: lab.status().startswith('stopped'), 'the run stops')
    seconds, (folder,) = time.monotonic() - begin, (work/'runs').glob('*/*')
    lab.picture('stopped')
    from imgcls.artifact import read_checkpoint
    checkpoint = read_checkpoint(folder/'checkpoints'/'last.ckpt')
    assert abs(checkpoint['global_step'] - lab.step()) <= 20, (checkpoint['global_step'], lab.step())
    print(f'stop: after {seconds:.1f} s, with a checkpoint of step {checkpoint["global_step"]} that loads')

    epoch = checkpoint['imgcls']['position']['epoch'] + 2
    lab.page.get_by_role('tab', name='Options').last.click()
    lab.field('epochs').fill(str(epoch))
    lab.button('Resume').click()
    lab.until(lambda: lab.status().startswith('done'), 'the resumed run ends', 180)
    assert f'epoch {epoch}/{epoch}' in lab.status(), lab.status()
    lab.picture('done')
    lab.page.get_by_role('tab', name='Shell and YAML').last.click()
    lab.page.wait_for_timeout(500)
    lab.picture('shell')

    lab.page.get_by_role('tab', name='Options').last.click()
    lab.field('epochs').fill('1')
    lab.button('Start').click()
    lab.until(lambda: lab.status().startswith('done') and 'epoch 1/1' in lab.status(), 'a second run ends', 180)
    lab.page.get_by_role('tab', name='Runs').last.click()
    runs = lab.page.locator('.widget-select-multiple option')
    lab.until(lambda: runs.count() >= 2, 'two runs are listed')
    runs.nth(0).click()
    runs.nth(1).click(modifiers=['Control'])
    lab.button('Compare').click()
    lab.sees('options that differ')
    lab.page.wait_for_timeout(1000)
    lab.picture('compared')
    print('two runs compared')
    print(f'resumed, to the end of epoch {epoch}')


def drive_review(lab: Lab, address: str, work: Path):
    patch = work/'patch.csv'
    def corrections(): return len(patch.read_text().splitlines()) - 1 if patch.exists() else 0
    lab.open(f'{address}/lab/workspaces/review/tree/review.ipynb', len(REVIEW))
    lab.button('confusion').wait_for(timeout=180_000)
    lab.picture('suspects')
    lab.button('confusion').click()
    cell = lab.page.locator('.jp-OutputArea button[title^="label "]')
    cell.first.wait_for(timeout=60_000)
    cell.first.click()
    lab.button('drop').wait_for(timeout=60_000)
    lab.picture('confusion')
    lab.button('drop').click()
    lab.until(lambda: corrections() == 1, 'the correction is in the file')
    lab.sees('1 correction in patch.csv')
    lab.picture('dropped')
    lab.button('undo').click()
    lab.until(lambda: corrections() == 0, 'the correction is taken back')
    print('review: a cell of the matrix opened, an image dropped, and taken back')


def portrait(lab: Lab, address: str, file: Path):
    "The panel after a whole run, as the README shows it."
    lab.page.set_viewport_size({'width': 1180, 'height': 1000})
    lab.open(f'{address}/lab/workspaces/portrait/tree/portrait.ipynb', len(PORTRAIT))
    lab.button('Start').click()
    lab.until(lambda: lab.status().startswith('done'), 'the run ends', 180)
    lab.page.keyboard.press('Control+b')
    lab.page.wait_for_timeout(1500)
    panel = lab.page.locator('.jp-OutputArea-output').last
    box, log = panel.bounding_box(), lab.page.locator('.imgcls-live').last.bounding_box()
    lab.page.screenshot(path=file, clip=box | {'height': log['y'] + log['height'] - box['y']})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--screenshots', type=Path)
    parser.add_argument('--portrait', type=Path)
    pictures, file = (options := parser.parse_args()).screenshots, options.portrait
    browser = next((found for name in ('chromium', 'chromium-browser', 'google-chrome') if (found := shutil.which(name))), None)
    try: from playwright.sync_api import sync_playwright
    except ImportError: print('skipped: the panel was not tried in a browser, playwright is not installed'); return
    if browser is None: print('skipped: the panel was not tried in a browser, there is no Chromium here'); return
    if pictures: pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as play:
        home = Path(folder)
        for name in ('work', 'settings', 'data', 'runtime'): (home/name).mkdir()
        for name, cells in (('panel', PANEL), ('review', REVIEW), ('portrait', PORTRAIT)): (home/'work'/f'{name}.ipynb').write_text(json.dumps(notebook(cells)))
        server, address = serve(home)
        try:
            page = play.chromium.launch(executable_path=browser, args=['--no-sandbox']).new_page(viewport={'width': 1400, 'height': 1000})
            lab = Lab(page, pictures)
            if file: return portrait(lab, address, file)
            drive(lab, address, home/'work')
            drive_review(lab, address, home/'work')
        finally:
            server.terminate()
            server.wait(20)


if __name__ == '__main__': main()
