"""The sites of a region and the council of each."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.companies import policy as companies
from forum.companies import queries as companies_queries
from forum.companies import service as companies_service
from forum.councils import policy as councils
from forum.councils import queries as councils_queries
from forum.councils import service as councils_service
from forum.spaces import queries, service
from forum.spaces.forms import SiteForm
from forum.spaces.views.blueprint import bp
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.languages import today


@bp.get("/spaces/<int:space_id>/sites")
@members_only
def list_sites(space_id: int) -> ResponseReturnValue:
    space = queries.get_region(g.viewer, space_id)
    return render_template(
        "spaces/list_sites.html",
        space=space,
        sites=councils_queries.list_sites(space_id, today(), request.args.get("after")),
        may_manage=companies.may_manage(g.viewer, space_id),
    )


@bp.get("/spaces/<int:space_id>/sites/new")
@members_only
def new_site(space_id: int) -> ResponseReturnValue:
    return _new_site(space_id, SiteForm())


@bp.post("/spaces/<int:space_id>/sites/new")
@members_only
def create_site(space_id: int) -> ResponseReturnValue:
    form = SiteForm()
    site = form.carry_out(
        lambda: service.create_site(
            g.viewer, space_id, form.facts, form.council.data, form.seats.data, form.phone.data or ""
        )
    )
    if site:
        flash(_("Der Betrieb ist eingetragen. Jetzt fehlen noch die Mandate."), "success")
        return go_to(url_for("spaces.list_sites", space_id=space_id))
    return _new_site(space_id, form), 422


@bp.get("/sites/<int:site_id>/edit")
@members_only
def edit_site(site_id: int) -> ResponseReturnValue:
    site = companies_service.get_managed_site(g.viewer, site_id)
    return _edit_site(site_id, SiteForm.showing(site, councils_queries.find_council(site_id)))


@bp.post("/sites/<int:site_id>/edit")
@members_only
def update_site(site_id: int) -> ResponseReturnValue:
    form = SiteForm()
    site = form.carry_out(
        lambda: service.update_site(
            g.viewer, site_id, form.facts, form.council.data, form.seats.data, form.phone.data
        )
    )
    if site:
        flash(_("Der Betrieb ist gespeichert."), "success")
        return go_to(url_for("spaces.list_sites", space_id=site.space_id))
    return _edit_site(site_id, form), 422


@bp.get("/councils/<int:council_id>")
@members_only
def show_council(council_id: int) -> ResponseReturnValue:
    council = councils_service.get_council(g.viewer, council_id)
    mandates = councils_queries.mandates_in(council_id, today())
    return render_template(
        "spaces/show_council.html",
        space=queries.get_space(g.viewer, council.site.space_id),
        council=council,
        current=[mandate for mandate in mandates if mandate.is_current],
        others=[mandate for mandate in mandates if not mandate.is_current],
        may_manage=councils.may_manage(g.viewer, council),
    )


def _new_site(space_id: int, form: SiteForm) -> str:
    service.get_managed_space(g.viewer, space_id)
    space = queries.get_region(g.viewer, space_id)
    names = companies_queries.company_names(g.viewer)
    return render_template("spaces/new_site.html", space=space, form=form, company_names=names)


def _edit_site(site_id: int, form: SiteForm) -> str:
    site = companies_service.get_managed_site(g.viewer, site_id)
    return render_template(
        "spaces/edit_site.html",
        space=queries.get_space(g.viewer, site.space_id),
        site=site,
        form=form,
        company_names=companies_queries.company_names(g.viewer),
    )
