__version__ = "0.1.0"

_NAMES = {'TrainConfig': 'config', 'load_config': 'config', 'UserError': 'errors', 'register_model': 'registry', 'register_loss': 'registry',
          'register_dataset': 'registry', 'discover': 'registry', 'read_samples': 'samples', 'open_patch': 'opening', 'decode': 'images', 'create_network': 'models',
          'list_networks': 'models', 'train': 'training', 'resume': 'training', 'Run': 'training', 'check_resume': 'resuming',
          'replay': 'capsules', 'load': 'predict', 'Predictor': 'predict',
          'evaluate': 'evaluation', 'compare': 'evaluation', 'compare_weights': 'evaluation', 'calibrate': 'evaluation',
          'export_onnx': 'export', 'export_safetensors': 'export', 'find_runs': 'runs', 'audit': 'auditing', 'bench': 'benching', 'Panel': 'panel', 'read_history': 'curves', 'plot_curves': 'curves',
          'show_samples': 'looking', 'show_batch': 'looking', 'plot_classes': 'looking', 'plot_sizes': 'looking', 'show_findings': 'looking',
          'show_saliency': 'saliency', 'embedding_map': 'saliency', 'review': 'reviewing', 'ReviewPanel': 'reviewing', 'suspects': 'reviewing',
          'worst': 'reviewing', 'confused': 'reviewing', 'find_learning_rate': 'tuning', 'find_batch_size': 'tuning', 'dry_run': 'tuning',
          'compare_runs': 'comparing', 'report': 'reporting', 'doctor': 'health'}

__all__ = list(_NAMES)


def __getattr__(name):
    "The names people type, imported when they are typed, so that `import imgcls` costs next to nothing."
    if name not in _NAMES: raise AttributeError(f"module 'imgcls' has no attribute '{name}'")
    from importlib import import_module
    try: return getattr(import_module(f'imgcls.{_NAMES[name]}'), name)
    except (ImportError, RuntimeError, OSError) as error:
        from imgcls.errors import UserError, broken_pair
        if not (said := broken_pair(error)): raise
        raise UserError(said) from None


def __dir__(): return sorted([*__all__, '__version__'])
