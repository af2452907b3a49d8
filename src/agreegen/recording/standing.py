"""What a writer looks at before it goes on behind what stands in a register."""

from __future__ import annotations

from agreegen.chain.heads import SignerIdentity
from agreegen.errors import RegisterError
from agreegen.recording.head_signatures import signer_of
from agreegen.register.store import Register

__all__ = ["may_sign", "require_signer"]


def require_signer(register: Register, signer: SignerIdentity | None) -> None:
    """Refuse to go on in a register that another one answers for.

    1. Where no head was ever signed, anybody may begin.
    2. The last head must carry a signature that fits it.
    3. Where the chain names its signer, that one made it, and that one signs now; a change of signer is an
       event that the one before signs.
    4. Registers of earlier versions name nobody: there, whoever signed one of the heads may go on.

    Raises:
        RegisterError: One of them does not hold; nothing was written.
    """
    last = register.last_head()
    if last is None:
        return
    signed, named = signer_of(last), register.signer()
    if signed is None or (named is not None and not signed.same_as(named)):
        raise RegisterError(
            f"{register.path}: its last head is not signed by whom the register names",
            hint="run register verify --trust; restore the register from a copy, or rebuild it",
        )
    whose = (named or signed).subject
    if signer is None:
        raise RegisterError(
            f"{register.path} is signed by {whose}, and this command has nobody to sign with",
            hint="name a register_credential in the job, or give --credential",
        )
    if not may_sign(register, signer):
        raise RegisterError(
            f"{register.path} is signed by {whose}, not by {signer.subject}",
            hint="use that credential; register change-signer hands the register over to another one",
        )


def may_sign(register: Register, signer: SignerIdentity) -> bool:
    """Whether a register may be continued by a signer; see `require_signer`."""
    named = register.signer()
    if named is not None:
        return signer.same_as(named)
    heads = [signer_of(head) for head in register.heads()]
    return not heads or any(each is not None and signer.same_as(each) for each in heads)
