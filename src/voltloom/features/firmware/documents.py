"""What the API takes and gives about firmware."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy import Row

from voltloom.features.api import Body
from voltloom.features.firmware.images import NewImage
from voltloom.features.firmware.rules import LARGEST_ID, Image, Publication, Published, State, Update
from voltloom.features.firmware.service import UpdateWish
from voltloom.features.stations.documents import AnswerOut

_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Word = Annotated[str, StringConstraints(max_length=100, pattern=_PLAIN)]
Retries = Annotated[int, Field(ge=0, le=100)]
Seconds = Annotated[int, Field(ge=0, le=86_400)]


class ImageIn(Body):
    version: Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=_PLAIN)] = Field(
        description="as a station that runs it says of itself: that is what an update is confirmed by"
    )
    vendor: Word = Field(default="", description="whose stations it is for, as they say it; empty: any")
    model: Word = ""
    file_name: Word = Field(default="", description="what stations fetch it as; left out: one is made")
    signature: Annotated[str, StringConstraints(max_length=2000)] = Field(
        default="", description="of the whole image with SHA-256, in base64"
    )
    certificate: Annotated[str, StringConstraints(max_length=10_000)] = Field(
        default="", description="that it is checked with, in PEM, alone"
    )
    notes: Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")] = ""

    def image(self) -> NewImage:
        return NewImage(**self.model_dump())


class SignerOut(Body):
    subject: str
    issuer: str
    fingerprint: str = Field(description="SHA-256, hexadecimal")
    not_before: datetime
    not_after: datetime
    key: str
    trusted: bool | None = Field(description="issued by a root that was named; null: none are named")


class ImageOut(Body):
    id: str
    vendor: str
    model: str
    version: str
    file_name: str
    notes: str
    size: int | None = Field(description="in bytes; null: its content is to come")
    sha256: str
    md5: str = Field(description="what local controllers compare")
    signed: bool
    signer: SignerOut | None
    algorithm: str = Field(description="how the signature was made, as it was checked here")
    created_at: datetime
    actor: str

    @staticmethod
    def of(image: Image) -> "ImageOut":
        signer = image.signer
        return ImageOut(
            id=image.id,
            vendor=image.vendor,
            model=image.model,
            version=image.version,
            file_name=image.file_name,
            notes=image.notes,
            size=image.size,
            sha256=image.sha256,
            md5=image.md5,
            signed=bool(image.signature),
            signer=None if signer is None else SignerOut(**{n: getattr(signer, n) for n in type(signer).__slots__}),
            algorithm=image.algorithm,
            created_at=image.created_at,
            actor=image.actor,
        )


class HowIn(Body):
    """How a station is to go about it."""

    retries: Retries | None = Field(default=None, description="of the download; left out: as the station likes")
    retry_interval_s: Seconds | None = None
    allow_unsigned: bool = Field(default=False, description="send an image that nobody signed")


class UpdateIn(HowIn):
    image_id: Annotated[str, StringConstraints(max_length=32)]
    retrieve_at: AwareDatetime | None = Field(default=None, description="left out: now")
    install_at: AwareDatetime | None = Field(default=None, description="left out: as soon as it can")
    anyway: bool = Field(default=False, description="to another make, or one that runs this version already")
    replace: bool = Field(default=False, description="in the place of an update that is under way")
    publication_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = Field(
        default=None, description="fetched from the local controller that published it"
    )

    def wish(self) -> UpdateWish:
        return UpdateWish(**self.model_dump())


class UpdateOut(Body):
    id: int
    station_id: str
    image_id: str
    version: str
    from_version: str
    campaign_id: str = Field(description="empty: of none")
    state: State
    signed: bool | None = Field(description="whether the station checks the signature; null: it has not answered")
    said: str = Field(description="the station's word when it was asked")
    reason: str = Field(description="why it failed, or what else is to be known")
    retrieve_at: datetime | None
    install_at: datetime | None
    asked_at: datetime
    changed_at: datetime | None
    fetched_at: datetime | None = Field(description="when the station last came for the image, to the minute")
    booted_version: str = Field(description="with which the station came back since")
    deadline: datetime = Field(description="when it is given up, and its address ends")
    actor: str

    @staticmethod
    def of(update: Update) -> "UpdateOut":
        return UpdateOut(**_values(update))


class FirmwareStepOut(Body):
    at: datetime
    status: str = Field(description="the station's word; `booted`: with which version")
    detail: str

    @staticmethod
    def of(row: Row[Any]) -> "FirmwareStepOut":
        return FirmwareStepOut(at=row.at, status=row.status, detail=row.detail)


class UpdateDetail(UpdateOut):
    steps: list[FirmwareStepOut]

    @staticmethod
    def with_steps(update: Update, steps: Iterable[Row[Any]]) -> "UpdateDetail":
        return UpdateDetail(**_values(update), steps=[FirmwareStepOut.of(row) for row in steps])


class UpdatedOut(Body):
    update: UpdateOut
    answer: AnswerOut


class PublishIn(Body):
    image_id: Annotated[str, StringConstraints(max_length=32)]


class PublicationOut(Body):
    id: int
    station_id: str
    image_id: str
    version: str
    checksum: str = Field(description="MD5")
    state: Published
    said: str
    reason: str
    locations: list[str] = Field(description="where its stations find the image, as the local controller says")
    asked_at: datetime
    changed_at: datetime | None
    actor: str

    @staticmethod
    def of(publication: Publication) -> "PublicationOut":
        values: dict[str, Any] = {name: getattr(publication, name) for name in Publication.__slots__}
        values["locations"] = list(publication.locations)
        return PublicationOut(**values)


class PublishedOut(Body):
    publication: PublicationOut
    answer: AnswerOut


def _values(update: Update) -> dict[str, Any]:
    return {name: getattr(update, name) for name in Update.__slots__}
