"""The data of Olist is shaped into the input contract, on a folder made by hand that holds each trap once."""

import pytest

from helpers import shaping
from helpers.shaping import column

OLIST_FILES = {
    # Won for seller acme (also before its first contact), for bolt, which sold before it was won,
    # and for calm, which is in no other file, in the last hours of May in Sao Paulo. pat is both an
    # SDR and a sales representative.
    "olist_closed_deals_dataset.csv": [
        "mql_id,seller_id,sdr_id,sr_id,won_date,business_segment,declared_monthly_revenue",
        "lead1,acme,pat,quinn,2018-03-06 03:00:00,pet,0.0",
        "lead2,bolt,pat,pat,2018-06-01 15:00:00,toys,30000.0",
        "lead3,calm,rio,quinn,2018-06-01 01:00:00,,0.0",
    ],
    "olist_marketing_qualified_leads_dataset.csv": [
        "mql_id,first_contact_date,landing_page_id,origin",
        "lead1,2018-03-08,page1,social",
        "lead2,2018-05-30,page1,email",
        "lead3,2018-01-05,page2,email",
        "lead4,2018-05-31,page2,",
        "lead5,2018-05-31,page3,",
        "lead6,2018-05-31,page2,email",
    ],
    # dune has neither deal nor a row here, only sales.
    "olist_sellers_dataset.csv": [
        "seller_id,seller_zip_code_prefix,seller_city,seller_state",
        "acme,13023,campinas,SP",
        "bolt,13844,mogi guacu,SP",
    ],
    "olist_customers_dataset.csv": [
        "customer_id,customer_unique_id",
        "once1,ana",
        "once2,ana",
        "once3,bia",
        "once4,caio",
        "once5,caio",
        "once6,caio",
        "once7,caio",
        "once8,caio",
        "once10,caio",
    ],
    "olist_orders_dataset.csv": [
        "order_id,customer_id,order_status,order_purchase_timestamp",
        "order1,once1,delivered,2018-05-01 23:30:00",
        "order2,once2,shipped,2018-05-02 10:00:00",
        "order3,once3,canceled,2018-01-01 12:00:00",
        "order4,once4,unavailable,2018-05-03 10:00:00",
        "order5,once5,created,2018-05-04 10:00:00",
        "order6,once6,approved,2018-05-05 10:00:00",
        "order7,once7,teleported,2018-05-06 10:00:00",
        "order8,once8,invoiced,2018-05-05 00:00:00",
        "order10,once10,canceled,2018-05-05 12:00:00",
    ],
    # order1 has two sellers, and acme's items in it do not stand in order; order4 has no item;
    # the order of the last item is missing. Of acme's orders of 2018-05-05 two are sales.
    "olist_order_items_dataset.csv": [
        "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
        "order1,10,bowl,acme,2018-05-09 10:00:00,1.5,9.99",
        "order1,2,bowl,acme,2018-05-09 10:00:00,10.0,9.99",
        "order1,1,kite,bolt,2018-05-09 10:00:00,20.05,9.99",
        "order2,1,bowl,acme,2018-05-09 10:00:00,10.0,9.99",
        "order3,1,blob,dune,2018-05-09 10:00:00,7.0,9.99",
        "order5,1,kite,acme,2018-05-09 10:00:00,8.0,9.99",
        "order6,1,kite,acme,2018-05-09 10:00:00,9.0,9.99",
        "order7,1,kite,acme,2018-05-09 10:00:00,3.0,9.99",
        "order8,1,kite,acme,2018-05-09 10:00:00,5.0,9.99",
        "order8,2,bowl,acme,2018-05-09 10:00:00,10.0,9.99",
        "order10,1,kite,acme,2018-05-09 10:00:00,6.0,9.99",
        "order9,1,kite,acme,2018-05-09 10:00:00,4.0,9.99",
    ],
    "olist_products_dataset.csv": [
        "product_id,product_category_name",
        "bowl,utilidades_domesticas",
        "kite,pc_gamer",
        "blob,",
    ],
    # Kaggle's file begins with a byte order mark.
    "product_category_name_translation.csv": [
        "\ufeffproduct_category_name,product_category_name_english",
        "utilidades_domesticas,housewares",
    ],
    # review1 stands on two orders, order1 has two reviews, order4 has no seller.
    "olist_order_reviews_dataset.csv": [
        (
            "review_id,order_id,review_score,review_comment_title,review_comment_message,"
            "review_creation_date,review_answer_timestamp"
        ),
        ('review1,order1,5,recomendo,"""bom"", chegou\ncedo",2018-05-10 00:00:00,2018-05-11 03:30:00'),
        "review1,order2,5,,,2018-05-10 00:00:00,2018-05-11 03:30:00",
        "review2,order1,1, ,ruim,2018-05-12 00:00:00,2018-05-12 12:00:00",
        "review3,order3,3,recomendo,,2018-01-05 00:00:00,2018-01-06 12:00:00",
        "review4,order4,2,,,2018-05-12 00:00:00,2018-05-12 12:00:00",
    ],
}


def write_source(folder, reverse=False):
    folder.mkdir()
    for name, (header, *rows) in OLIST_FILES.items():
        lines = [header, *(reversed(rows) if reverse else rows)]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return folder


@pytest.fixture(scope="module")
def shaped(tmp_path_factory):
    """The folder once shaped, with what the script printed."""
    folder = tmp_path_factory.mktemp("example")
    run = shaping.run_shape("olist", write_source(folder / "olist"), folder / "shaped")
    assert run.returncode == 0, run.stderr
    return folder / "shaped", run.stdout


@pytest.fixture
def read_table(shaped):
    """A reader of one shaped table: its rows by their key."""
    target_dir, _ = shaped
    return lambda name: shaping.read_table(target_dir, name)


def test_every_seller_is_an_account_from_its_won_date_or_first_sale_on(read_table):
    accounts = read_table("crm/accounts")
    assert column(accounts, "created_at") == {
        "acme": "2018-03-06T03:00:00Z",  # won, in UTC as the file has it
        "bolt": "2018-05-02T02:30:00Z",  # sold before it was won
        "calm": "2018-06-01T01:00:00Z",  # won and never sold
        "dune": "2018-01-01T14:00:00Z",  # sold without a deal, in daylight saving time
    }
    assert column(accounts, "segment") == {"acme": "pet", "bolt": "toys", "calm": "", "dune": ""}
    assert set(column(accounts, "country_code").values()) == {"BR"}


def test_leads_keep_a_missing_origin_and_a_deal_won_too_early(read_table):
    leads = read_table("crm/leads")
    assert leads["lead1"] == {
        "lead_id": "lead1",
        "created_at": "2018-03-08T03:00:00Z",
        "channel": "social",
        "campaign_id": "social",
        "owner_user_id": "sdr-pat",
        "account_id": "acme",
        "sales_user_id": "sr-quinn",
        "converted_at": "2018-03-06T03:00:00Z",
    }
    assert leads["lead4"] == {
        "lead_id": "lead4",
        "created_at": "2018-05-31T03:00:00Z",
        "channel": "",
        "campaign_id": "",
        "owner_user_id": "",
        "account_id": "",
        "sales_user_id": "",
        "converted_at": "",
    }
    assert leads["lead3"]["created_at"] == "2018-01-05T02:00:00Z"
    assert len(leads) == 6


def test_no_moment_of_a_hand_off_is_made_up(read_table):
    for lead in read_table("crm/leads").values():
        assert "qualified_at" not in lead
        assert "accepted_at" not in lead


def test_a_campaign_is_an_origin_and_what_it_cost_is_not_known(shaped, read_table):
    target_dir, _ = shaped
    campaigns = read_table("crm/campaigns")
    assert column(campaigns, "channel") == {"social": "social", "email": "email"}
    assert column(campaigns, "campaign_name") == {"social": "social", "email": "email"}
    assert column(read_table("crm/leads"), "campaign_id") == {
        "lead1": "social",
        "lead2": "email",
        "lead3": "email",
        "lead4": "",
        "lead5": "",
        "lead6": "email",
    }
    assert not (target_dir / "crm" / "campaign_costs.csv").exists()


def test_a_person_with_two_roles_is_two_users(read_table):
    teams = column(read_table("crm/users"), "team")
    assert teams == {
        "sdr-pat": "marketing",
        "sdr-rio": "marketing",
        "sr-pat": "sales",
        "sr-quinn": "sales",
    }


def test_a_deal_begins_and_closes_when_it_is_won(read_table):
    deals = read_table("crm/opportunities")
    assert deals["lead2"] == {
        "opportunity_id": "lead2",
        "account_id": "bolt",
        "owner_user_id": "sr-pat",
        "lead_id": "lead2",
        "amount": "1",
        "currency_code": "BRL",
        "created_at": "2018-06-01T15:00:00Z",
        "closed_at": "2018-06-01T15:00:00Z",
        "is_won": "true",
    }
    assert len(deals) == 3


def test_every_item_is_a_charge_with_a_status_of_its_order(read_table):
    transactions = read_table("crm/transactions")
    assert transactions["order1-10"] == {
        "transaction_id": "order1-10",
        "account_id": "acme",
        "contact_id": "acme-ana",
        "product_id": "bowl",
        "transaction_type": "charge",
        "status": "completed",
        "amount": "1.50",
        "currency_code": "BRL",
        "transacted_at": "2018-05-02T02:30:00Z",
    }
    assert column(transactions, "status") == {
        "order1-1": "completed",
        "order1-2": "completed",
        "order1-10": "completed",
        "order2-1": "completed",
        "order3-1": "failed",
        "order5-1": "pending",
        "order6-1": "completed",
        "order8-1": "completed",
        "order8-2": "completed",
        "order10-1": "failed",
        "order7-1": "teleported",  # not among the contract's values: the warehouse quarantines it
        "order9-1": "",
    }
    assert transactions["order9-1"]["transacted_at"] == ""
    assert transactions["order9-1"]["amount"] == "4.00"


def test_a_seller_uses_the_marketplace_on_the_local_days_on_which_it_sells(shaped):
    target_dir, _ = shaped
    rows = shaping.read_rows(target_dir, "product/usage_days")
    assert [tuple(row.values()) for row in rows] == [
        ("acme", "acme", "2018-05-01", "1"),  # 23:30 in Sao Paulo is the next day in UTC; two items
        ("acme", "acme", "2018-05-02", "1"),
        ("acme", "acme", "2018-05-05", "2"),  # a cancelled order is no sale, dune's only one neither
        ("bolt", "bolt", "2018-05-01", "1"),  # before its deal was won
    ]
    assert list(rows[0]) == ["account_id", "contact_id", "used_on", "value_events"]


def test_a_contact_is_a_buyer_at_a_seller_from_the_first_purchase_on(read_table):
    contacts = read_table("crm/contacts")
    assert contacts["acme-ana"] == {
        "contact_id": "acme-ana",
        "account_id": "acme",
        "created_at": "2018-05-02T02:30:00Z",
    }
    assert set(contacts) == {"acme-ana", "bolt-ana", "dune-bia", "acme-caio"}


def test_a_product_family_is_in_english_where_there_is_a_translation(read_table):
    families = column(read_table("crm/products"), "product_family")
    assert families == {"bowl": "housewares", "kite": "pc_gamer", "blob": "(none)"}


def test_a_review_is_one_response_for_each_seller_about_its_first_item(read_table):
    responses = read_table("survey/responses")
    assert column(responses, "about_id") == {
        "review1-order1-acme": "order1-2",
        "review1-order1-bolt": "order1-1",
        "review1-order2-acme": "order2-1",
        "review2-order1-acme": "order1-2",
        "review2-order1-bolt": "order1-1",
        "review3-order3-dune": "order3-1",
    }
    assert responses["review1-order1-bolt"] == {
        "response_id": "review1-order1-bolt",
        "survey_id": "order_review",
        "invitation_id": "review1-order1-bolt",
        "account_id": "bolt",
        "contact_id": "bolt-ana",
        "about_type": "transaction",
        "about_id": "order1-1",
        "score": "5",
        "comment": 'recomendo\n"bom", chegou\ncedo',
        "responded_at": "2018-05-11T03:30:00Z",  # in UTC as the file has it
    }
    assert responses["review1-order2-acme"]["comment"] == ""
    assert responses["review2-order1-acme"]["comment"] == "ruim"
    assert responses["review3-order3-dune"]["comment"] == "recomendo"


def test_a_review_is_asked_for_at_midnight_in_sao_paulo(read_table):
    invitations = read_table("survey/invitations")
    assert set(invitations) == set(read_table("survey/responses"))
    assert invitations["review3-order3-dune"] == {
        "invitation_id": "review3-order3-dune",
        "survey_id": "order_review",
        "account_id": "dune",
        "contact_id": "dune-bia",
        "about_type": "transaction",
        "about_id": "order3-1",
        "sent_at": "2018-01-05T02:00:00Z",
    }
    assert invitations["review2-order1-acme"]["sent_at"] == "2018-05-12T03:00:00Z"
    survey = read_table("survey/surveys")["order_review"]
    assert (survey["survey_type"], survey["scale_min"], survey["scale_max"]) == ("csat", "1", "5")


def test_a_person_is_paid_from_the_month_of_the_first_deal_to_that_of_the_last(read_table):
    # sr-pat's only deal came after the last sale, and ends sdr-pat's months too late
    assert read_table("rules/comp_participants") == {
        user_id: {
            "user_id": user_id,
            "plan_id": "shared",
            "target_pay": "1000",
            "valid_from": valid_from,
            "valid_to": "2018-06-01",
        }
        for user_id, valid_from in {
            "sdr-pat": "2018-03-01",
            "sdr-rio": "2018-05-01",
            "sr-quinn": "2018-03-01",
        }.items()
    }


def test_a_target_is_the_mean_of_what_a_team_had_in_its_months(shaped):
    target_dir, _ = shaped
    rows = shaping.read_rows(target_dir, "rules/comp_plans")
    keys = ("scenario", "team", "metric_name", "weight", "target")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("deal_quota", "marketing", "bookings", "1.0", "0.5"),  # 2 of the 3 deals in 4 months
        ("deal_quota", "sales", "bookings", "1.0", "0.67"),  # 2 in 3
        ("actual", "marketing", "cltv_growth", "0.7", "16.39"),  # 45.50 of acme, 20.05 of bolt
        ("actual", "marketing", "satisfaction", "0.3", "0.6"),  # scores 5, 5, 1 of acme, 5, 1 of bolt
        ("actual", "sales", "cltv_growth", "0.7", "15.17"),  # bolt's representative is not paid
        ("actual", "sales", "satisfaction", "0.3", "0.6"),
    ]
    for row in rows:
        assert (row["valid_from"], row["valid_to"]) == ("2018-03-01", "2018-06-01")
        assert (row["threshold"], row["cap"], row["accelerated_rate"]) == ("", "", "1")


def test_what_has_no_seller_is_counted(shaped):
    _, printed = shaped
    assert "crm.transactions: 12 rows\n" in printed
    assert "left out: 1 orders without items\n" in printed
    assert "left out: 1 reviews of orders without items\n" in printed


def test_the_order_of_the_source_rows_does_not_matter(shaped, tmp_path):
    target_dir, _ = shaped
    again = tmp_path / "again"
    shaping.run_shape("olist", write_source(tmp_path / "olist", reverse=True), again)
    files = sorted(path.relative_to(target_dir) for path in target_dir.rglob("*.csv"))
    assert len(files) == 14
    for file in files:
        assert (again / file).read_bytes() == (target_dir / file).read_bytes(), file


def test_missing_files_are_named_with_where_to_get_them(tmp_path):
    source_dir = write_source(tmp_path / "olist")
    (source_dir / "olist_orders_dataset.csv").unlink()
    (source_dir / "olist_closed_deals_dataset.csv").unlink()
    run = shaping.run_shape("olist", source_dir, tmp_path / "shaped")
    assert run.returncode == 2
    assert run.stderr == (
        f"Not in {source_dir}: olist_orders_dataset.csv (download: "
        "https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce); "
        "olist_closed_deals_dataset.csv (download: "
        "https://www.kaggle.com/datasets/olistbr/marketing-funnel-olist)\n"
    )
    assert not (tmp_path / "shaped").exists()
