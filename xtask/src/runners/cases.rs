//! What is planted for each runner.

use super::Case;

pub(super) fn all() -> Vec<Case> {
    vec![
        two_heads(),
        one_revision_twice(),
        two_leaves(),
        one_number_twice_in_django(),
        one_version_twice(),
        padding(),
        late(),
    ]
}

fn alembic_base() -> Vec<(&'static str, String)> {
    vec![
        ("alembic.ini", "[alembic]\nscript_location = alembic\n".to_owned()),
        (
            "alembic/env.py",
            "from alembic import context\nfrom sqlalchemy import create_engine\n\n\
             with create_engine(\"sqlite:///db.sqlite3\").connect() as connection:\n    \
             context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n"
                .to_owned(),
        ),
        ("alembic/versions/a1_begin.py", alembic("a1", "None", "begin_")),
    ]
}

fn alembic(revision: &str, down: &str, table: &str) -> String {
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{revision}\"\ndown_revision = {down}\n\n\n\
         def upgrade():\n    op.create_table(\"{table}\", sa.Column(\"id\", sa.Integer))\n\n\n\
         def downgrade():\n    op.drop_table(\"{table}\")\n"
    )
}

const ALEMBIC: &str =
    "[track.core]\n[track.billing]\n[migrations]\npaths = 'alembic/versions/*.py'\n";

fn two_heads() -> Case {
    Case {
        name: "alembic: two heads",
        runner: "alembic",
        base: alembic_base(),
        config: ALEMBIC,
        core: vec![(
            "alembic/versions/b1_users.py",
            alembic("b1", "\"a1\"", "users"),
        )],
        billing: vec![(
            "alembic/versions/c1_bills.py",
            alembic("c1", "\"a1\"", "bills"),
        )],
        landed_first: false,
        code: "MIG17",
        says: Some("Multiple head"),
    }
}

fn one_revision_twice() -> Case {
    Case {
        name: "alembic: one revision twice",
        runner: "alembic",
        base: alembic_base(),
        config: ALEMBIC,
        core: vec![(
            "alembic/versions/b1_users.py",
            alembic("b1", "\"a1\"", "users"),
        )],
        billing: vec![(
            "alembic/versions/b1_bills.py",
            alembic("b1", "\"a1\"", "bills"),
        )],
        landed_first: false,
        code: "MIG04",
        // One of the two tables is never made.
        says: Some("present more than once"),
    }
}

fn django_base() -> Vec<(&'static str, String)> {
    vec![
        (
            "manage.py",
            "import os\nimport sys\nfrom django.core.management import execute_from_command_line\n\n\
             os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"settings\")\nexecute_from_command_line(sys.argv)\n"
                .to_owned(),
        ),
        (
            "settings.py",
            "SECRET_KEY = \"x\"\nINSTALLED_APPS = [\"shop\"]\nUSE_TZ = True\n\
             DATABASES = {\"default\": {\"ENGINE\": \"django.db.backends.sqlite3\", \"NAME\": \"db.sqlite3\"}}\n"
                .to_owned(),
        ),
        ("shop/__init__.py", String::new()),
        ("shop/migrations/__init__.py", String::new()),
        ("shop/migrations/0001_initial.py", django("", "begin_")),
    ]
}

fn django(follows: &str, table: &str) -> String {
    let dependency = match follows {
        "" => String::new(),
        name => format!("(\"shop\", \"{name}\")"),
    };
    format!(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [{dependency}]\n\n    \
         operations = [migrations.RunSQL(\"create table {table} (id integer)\")]\n"
    )
}

const DJANGO: &str = "[track.core]\n[track.billing]\n[migrations]\npaths = '*/migrations/*.py'\n";

fn two_leaves() -> Case {
    Case {
        name: "django: two leaf nodes",
        runner: "django",
        base: django_base(),
        config: DJANGO,
        core: vec![(
            "shop/migrations/0002_users.py",
            django("0001_initial", "users"),
        )],
        billing: vec![(
            "shop/migrations/0003_bills.py",
            django("0001_initial", "bills"),
        )],
        landed_first: false,
        code: "MIG17",
        says: Some("Conflicting migrations"),
    }
}

fn one_number_twice_in_django() -> Case {
    Case {
        name: "django: one number twice",
        runner: "django",
        base: django_base(),
        config: DJANGO,
        core: vec![(
            "shop/migrations/0002_users.py",
            django("0001_initial", "users"),
        )],
        billing: vec![(
            "shop/migrations/0002_bills.py",
            django("0001_initial", "bills"),
        )],
        landed_first: false,
        code: "MIG17",
        says: Some("Conflicting migrations"),
    }
}

fn sqlx_base() -> Vec<(&'static str, String)> {
    vec![
        (
            "Cargo.toml",
            "[dependencies]\nsqlx = { version = \"0.8\", features = [\"sqlite\"] }\n".to_owned(),
        ),
        (
            "migrations/20240901_begin.sql",
            "create table begin_ (id integer);\n".to_owned(),
        ),
    ]
}

const SQLX: &str = "[track.core]\n[track.billing]\n[migrations]\npaths = 'migrations/*.sql'\n";

fn one_version_twice() -> Case {
    Case {
        name: "sqlx: one version twice",
        runner: "sqlx",
        base: sqlx_base(),
        config: SQLX,
        core: vec![(
            "migrations/20241001_trackA_users.sql",
            "create table users (id integer);\n".to_owned(),
        )],
        billing: vec![(
            "migrations/20241001_trackB_bills.sql",
            "create table bills (id integer);\n".to_owned(),
        )],
        landed_first: false,
        code: "MIG04",
        says: Some("UNIQUE constraint failed"),
    }
}

fn padding() -> Case {
    Case {
        name: "sqlx: one version with and without zeros",
        runner: "sqlx",
        base: vec![
            ("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n".to_owned()),
            (
                "migrations/0001_begin.sql",
                "create table begin_ (id integer);\n".to_owned(),
            ),
        ],
        config: SQLX,
        core: vec![(
            "migrations/0002_users.sql",
            "create table users (id integer);\n".to_owned(),
        )],
        billing: vec![(
            "migrations/2_bills.sql",
            "create table bills (id integer);\n".to_owned(),
        )],
        landed_first: false,
        code: "MIG04",
        says: Some("UNIQUE constraint failed"),
    }
}

fn late() -> Case {
    Case {
        name: "sqlx: a late version",
        runner: "sqlx",
        base: sqlx_base(),
        config: SQLX,
        core: vec![(
            "migrations/20241001_users.sql",
            "create table users (id integer);\n".to_owned(),
        )],
        billing: vec![(
            "migrations/20240801_bills.sql",
            "create table bills (id integer);\n".to_owned(),
        )],
        landed_first: true,
        code: "MIG07",
        says: None,
    }
}
